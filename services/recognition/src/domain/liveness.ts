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

export const initialLiveness: LivenessState = { seen: [], same: { digest: -1, sinceMs: 0 } };

/** What is kept: so many, so far apart, that a loop of ten seconds is seen twice. */
const maxSeen = 48;
const everyMs = 400;
/** Of what is kept, what a face is compared with: what is older may be another light, or another person. */
const referenceMs = 20_000;
/** No median without so many. */
const minReference = 4;
/** How long the same picture may be shown: a camera in the dark may take a second for one. */
const frozenMs = 2_000;
/** 12 hexadecimal digits are a whole number without loss. */
const digestDigits = 12;

/**
 * How far a coordinate is from its median when it is a sign of life: more than what photographs showed that were moved, waved, lit,
 * disturbed and coded again (docs/recognition.md). Eyes, which have to close both, by their usual height; the rest in thousandths of
 * the distance between the eyes.
 */
const limits = { blink: 0.15, mouthOpening: 50, nose: 1 } as const;
/** Of the nose's tip: what a waved photograph's perspective makes of it. */
const noseNoise = { across: 25, down: 20 } as const;

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
  const digest = Number.parseInt(face.digest.slice(0, digestDigits), 16);
  const now: Seen = { atMs, digest, shape: face.shape };
  const same = digest === state.same.digest ? state.same : { digest, sinceMs: atMs };
  const seen = state.seen.filter((one) => atMs - one.atMs <= keptMs);
  const isFrozen = atMs - same.sinceMs >= frozenMs;
  const isOld = digest !== state.same.digest && state.seen.some((one) => one.digest === digest);
  return {
    state: { seen: kept(state.seen, now), same },
    sign: isSign(now, state.seen),
    replayed: isFrozen || isOld || isLoop(state.seen, now),
  };
}
