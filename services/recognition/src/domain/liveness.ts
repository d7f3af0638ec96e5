import { shapeNames } from './face-shape.ts';
import type { FaceMeasurement } from './measurement.ts';

/** What was seen of a face, kept to compare with what follows. */
interface Seen {
  readonly atMs: number;
  /** The first bits of the picture's digest. */
  readonly digest: number;
  readonly shape: readonly number[];
}

export interface LivenessState {
  /** The oldest first, no more than one every `everyMs`. */
  readonly seen: readonly Seen[];
  /** Since when the same picture is shown. */
  readonly same: { readonly digest: number; readonly sinceMs: number };
}

/** Of a measurement without one: it is like no other. */
const noDigest = -1;

export const initialLiveness: LivenessState = { seen: [], same: { digest: noDigest, sinceMs: 0 } };

/** What is kept: so many, so far apart, that a loop of ten seconds is seen twice. */
const maxSeen = 48;
const everyMs = 400;
/** What is older may be in another light, or another person. */
const keptMs = 25_000;
/** A median of fewer says little. */
const minSeen = 4;
/** The first 48 bits of a digest are a whole number without loss. */
const digestDigits = 12;
/** How long the same picture may be shown: a camera in the dark may take a second for one. */
const frozenMs = 2_000;

/**
 * How far coordinates are from their medians when they are a sign of life. Photographs that were moved, waved, lit, disturbed and
 * coded again came to at most about half of it (docs/recognition.md). Eyes: by their usual height, and both, downward. The others: in
 * thousandths of the distance between the eyes; of the brows, both.
 */
export const signs = { blink: 0.06, mouthOpening: 65, brows: 24, noseAcross: 35, noseDown: 18 } as const;

/**
 * A loop: what was seen for `windowMs` differs from what was seen at one lag before by no more than noise and `maxDifference` of what
 * it would if the two had nothing to do with each other. Brows and nose move slowly enough to be known between two pictures; the
 * mouth moves most. All by their noise, and only while they move by `minMovement` times as much (both as variances).
 */
const loop = { minLagMs: 1_500, stepMs: 50, windowMs: 8_000, minSeen: 8, maxApartMs: 1_200, maxDifference: 0.15, minMovement: 4 } as const;
/** Standard deviations of a photograph's coordinates that is moved and coded again. */
const noise = { mouthOpening: 10, leftBrow: 7, rightBrow: 7, noseAcross: 6, noseDown: 4 } as const;
/** The variance of the difference of two such coordinates, less what is saved by their being close. */
const noiseOfDifference = 1.5;

const place = Object.fromEntries(shapeNames.map((name, nth) => [name, nth])) as Record<(typeof shapeNames)[number], number>;

/** What one more look at a face says. */
export interface Observed {
  readonly state: LivenessState;
  /** The face moved as no flat picture does: it blinked, moved its mouth, or turned. */
  readonly sign: boolean;
  /** What is shown repeats what was shown before: one picture, or a sequence of them. */
  readonly replayed: boolean;
}

/** @param atMs media time, which does not go back */
export function observeFace(state: LivenessState, atMs: number, face: FaceMeasurement): Observed {
  if (face.faces === 0) return { state, sign: false, replayed: false };
  const digest = digestNumber(face.digest);
  const isSame = digest !== noDigest && digest === state.same.digest;
  const same = isSame ? state.same : { digest, sinceMs: atMs };
  const before = state.seen.filter((one) => atMs - one.atMs <= keptMs);
  const isKnown = !isSame && digest !== noDigest && before.some((one) => one.digest === digest);
  const isFrozen = atMs - same.sinceMs >= frozenMs;
  // A face that is not seen clearly shows nothing.
  if (face.shape.length === 0) return { state: { seen: before, same }, sign: false, replayed: isKnown || isFrozen };
  const now: Seen = { atMs, digest, shape: face.shape };
  const isDue = atMs - (before.at(-1)?.atMs ?? -Infinity) >= everyMs;
  return {
    state: { seen: isDue ? [...before, now].slice(-maxSeen) : before, same },
    sign: isSign(face.shape, before),
    replayed: isKnown || isFrozen || isLoop([...before, now]),
  };
}

function digestNumber(digest: string): number {
  return digest === '' ? noDigest : Number.parseInt(digest.slice(0, digestDigits), 16);
}

function isSign(shape: readonly number[], before: readonly Seen[]): boolean {
  if (before.length < minSeen) return false;
  const usual = shape.map((_, nth) => median(before.map((one) => one.shape[nth]!)));
  const change = (name: keyof typeof place) => shape[place[name]]! - usual[place[name]]!;
  const closing = (name: 'leftEye' | 'rightEye') => -change(name) / usual[place[name]]!;
  return (
    Math.min(closing('leftEye'), closing('rightEye')) >= signs.blink ||
    Math.abs(change('mouthOpening')) >= signs.mouthOpening ||
    Math.min(change('leftBrow'), change('rightBrow')) >= signs.brows ||
    Math.abs(change('noseAcross')) >= signs.noseAcross ||
    Math.abs(change('noseDown')) >= signs.noseDown
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}

const compared = (Object.keys(noise) as (keyof typeof noise)[]).map((name) => ({ nth: place[name], noise: noise[name] }));

function isLoop(seen: readonly Seen[]): boolean {
  const now = seen.at(-1)!;
  const window = seen.filter(({ atMs }) => now.atMs - atMs <= loop.windowMs);
  const movement = variance(window);
  if (window.length < loop.minSeen || movement < loop.minMovement) return false;
  const longestMs = window[0]!.atMs - seen[0]!.atMs;
  for (let lagMs = loop.minLagMs; lagMs <= longestMs; lagMs += loop.stepMs) {
    if (differenceAt(lagMs, window, seen) <= noiseOfDifference + 2 * loop.maxDifference * movement) return true;
  }
  return false;
}

/** The mean over the coordinates, by their noise. */
function variance(window: readonly Seen[]): number {
  const variances = compared.map(({ nth, noise }) => {
    const mean = window.reduce((sum, { shape }) => sum + shape[nth]!, 0) / window.length;
    return window.reduce((sum, { shape }) => sum + ((shape[nth]! - mean) / noise) ** 2, 0) / window.length;
  });
  return variances.reduce((sum, one) => sum + one, 0) / variances.length;
}

/** The mean square of what differs from a lag before, by the noise; between two pictures, from the line between them. */
function differenceAt(lagMs: number, window: readonly Seen[], seen: readonly Seen[]): number {
  let [sum, count] = [0, 0];
  let after = 1;
  for (const { atMs, shape } of window) {
    const thenMs = atMs - lagMs;
    while (after < seen.length - 1 && seen[after]!.atMs < thenMs) after += 1;
    const [one, other] = [seen[after - 1]!, seen[after]!];
    if (other.atMs - one.atMs > loop.maxApartMs) continue;
    const share = (thenMs - one.atMs) / (other.atMs - one.atMs);
    for (const { nth, noise } of compared) sum += ((shape[nth]! - one.shape[nth]! * (1 - share) - other.shape[nth]! * share) / noise) ** 2;
    count += 1;
  }
  return count < loop.minSeen ? Infinity : sum / (count * compared.length);
}
