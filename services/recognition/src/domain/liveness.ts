import { shapeNames } from './face-shape.ts';
import type { FaceMeasurement } from './measurement.ts';

/** What was seen of a face, kept to compare with what follows. */
interface Seen {
  readonly atMs: number;
  /** The first bits of the picture's digest. */
  readonly digest: number;
  readonly shape: readonly number[];
}

type Place = Pick<FaceMeasurement, 'x' | 'y' | 'size'>;

export interface LivenessState {
  /** The oldest first, no more than one every `everyMs`. */
  readonly seen: readonly Seen[];
  /** Since when a face is in sight; -1 while there is none. */
  readonly inSightSinceMs: number;
  /** Where it is, of the last measurement that found one. */
  readonly at: Place;
  /** Since when the same picture is shown. */
  readonly same: { readonly digest: number; readonly sinceMs: number };
}

/** Of a measurement without one: it is like no other. */
const noDigest = -1;

export const initialLiveness: LivenessState = { seen: [], inSightSinceMs: -1, at: { x: 0, y: 0, size: 0 }, same: { digest: noDigest, sinceMs: 0 } };

/** What is kept: so many, so far apart, that a loop of ten seconds is seen twice. */
const maxSeen = 48;
const everyMs = 400;
/** What is older may be in another light, or another person. */
const keptMs = 30_000;
/**
 * A face is held against what was seen of it since it came in sight: else a photograph that is held up after a person was there
 * would move, once. So would one of several people, of whom now one and now another is the largest: a face that was not seen for
 * so long, is farther from where it was than it is large, or so much larger or smaller, is another one. A median of fewer says little.
 */
const maxUnseenMs = 2_500;
const maxGrowth = 1.5;
const minSeen = 4;
/** The first 48 bits of a digest are a whole number without loss. */
const digestDigits = 12;
/** How long the same picture may be shown: a camera in the dark may take a second for one. */
const frozenMs = 2_000;

/**
 * How far coordinates are from their medians when they are a sign of life. Photographs of people for choosing that were moved, waved,
 * lit, disturbed and coded again came to at most six tenths of it (docs/recognition.md). Eyes: by their usual height, and both,
 * downward. The others: in
 * thousandths of the distance between the eyes; of the brows, both.
 */
export const signs = { blink: 0.07, mouthOpening: 70, brows: 28, noseAcross: 40, noseDown: 21 } as const;

/**
 * A loop: what was seen in the last pictures that are kept differs from what was seen at one lag before by no more than noise and a
 * share of what it would if the two had nothing to do with each other. All in coordinates by their noise, as variances, and only
 * while these move enough for that to be told.
 */
const loop = { minLagMs: 1_500, stepMs: 50, maxApartMs: 1_200 } as const;
/** Standard deviations of a photograph's coordinates that is moved and coded again. */
const noise = { mouthOpening: 10, leftBrow: 7, rightBrow: 7, noseAcross: 6, noseDown: 4 } as const;
/** The variance of the difference of two such coordinates, less what is saved by their being close. */
const noiseOfDifference = 1.5;
/** Brows and nose move slowly enough to be known between two pictures; the mouth moves most, but is seen again only at the same instant. */
const comparisons = [
  { names: ['leftBrow', 'rightBrow', 'noseAcross', 'noseDown'], pictures: 20, minMovement: 2, maxDifference: 0 },
  { names: ['mouthOpening', 'leftBrow', 'rightBrow', 'noseAcross', 'noseDown'], pictures: 16, minMovement: 4, maxDifference: 0.15 },
] as const;

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
  if (face.faces === 0) return { state: { ...state, inSightSinceMs: -1 }, sign: false, replayed: false };
  const digest = digestNumber(face.digest);
  const isSame = digest !== noDigest && digest === state.same.digest;
  const same = isSame ? state.same : { digest, sinceMs: atMs };
  const before = state.seen.filter((one) => atMs - one.atMs <= keptMs);
  const isKnown = !isSame && digest !== noDigest && before.some((one) => one.digest === digest);
  const at: Place = { x: face.x, y: face.y, size: face.size };
  const isInSight = state.inSightSinceMs !== -1 && !isElsewhere(at, state.at) && atMs - (before.at(-1)?.atMs ?? atMs) <= maxUnseenMs;
  const inSightSinceMs = isInSight ? state.inSightSinceMs : atMs;
  const isFrozen = atMs - same.sinceMs >= frozenMs;
  // A face that is not seen clearly shows nothing.
  if (face.shape.length === 0) return { state: { seen: before, inSightSinceMs, at, same }, sign: false, replayed: isKnown || isFrozen };
  const now: Seen = { atMs, digest, shape: face.shape };
  const isDue = atMs - (before.at(-1)?.atMs ?? -Infinity) >= everyMs;
  return {
    state: { seen: isDue ? [...before, now].slice(-maxSeen) : before, inSightSinceMs, at, same },
    sign: isSign(face.shape, before.filter((one) => one.atMs >= inSightSinceMs)),
    replayed: isKnown || isFrozen || (isDue && isLoop([...before, now])),
  };
}

function isElsewhere(now: Place, before: Place): boolean {
  return Math.hypot(now.x - before.x, now.y - before.y) > before.size || Math.max(now.size, before.size) > maxGrowth * Math.min(now.size, before.size);
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

function isLoop(seen: readonly Seen[]): boolean {
  return comparisons.some(({ names, pictures, minMovement, maxDifference }) => {
    if (seen.length <= pictures) return false;
    const path = seen.map(({ atMs, shape }) => ({ atMs, at: names.map((name) => shape[place[name]]! / noise[name]) }));
    const recent = path.slice(-pictures);
    const movement = variance(recent);
    if (movement < minMovement) return false;
    const limit = noiseOfDifference + 2 * maxDifference * movement;
    const longestMs = recent[0]!.atMs - path[0]!.atMs;
    for (let lagMs = loop.minLagMs; lagMs <= longestMs; lagMs += loop.stepMs) {
      if (isRepeated(recent, path, lagMs, limit)) return true;
    }
    return false;
  });
}

/** Coordinates by their noise. */
interface Position {
  readonly atMs: number;
  readonly at: readonly number[];
}

/** The mean over the coordinates. */
function variance(path: readonly Position[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(path[0]!.at.map((_, nth) => {
    const middle = mean(path.map(({ at }) => at[nth]!));
    return mean(path.map(({ at }) => (at[nth]! - middle) ** 2));
  }));
}

/** Whether the mean square of what differs from a lag before is below a limit; between two pictures, from the line between them. */
function isRepeated(recent: readonly Position[], path: readonly Position[], lagMs: number, limit: number): boolean {
  let [sum, compared] = [0, 0];
  let after = 1;
  for (const { atMs, at } of recent) {
    const thenMs = atMs - lagMs;
    while (path[after]!.atMs < thenMs) after += 1;
    const [one, other] = [path[after - 1]!, path[after]!];
    if (other.atMs - one.atMs > loop.maxApartMs) continue;
    const share = (thenMs - one.atMs) / (other.atMs - one.atMs);
    for (let nth = 0; nth < at.length; nth += 1) sum += (at[nth]! - one.at[nth]! * (1 - share) - other.at[nth]! * share) ** 2;
    compared += at.length;
    // More than all together may differ: most lags end here.
    if (sum > limit * at.length * recent.length) return false;
  }
  return compared >= (recent.length * recent[0]!.at.length) / 2 && sum <= limit * compared;
}
