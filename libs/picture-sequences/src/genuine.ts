import { Head, type Look } from './head.ts';
import type { Person } from './people.ts';
import { encoded, exposed, type Picture } from './picture.ts';
import { hashed, smooth } from './random.ts';

/** What somebody does; listening is to sit there and blink. */
export type Behaviour = 'talking' | 'listening';

/** A camera: what it shows at a time. Times may be asked for in any order. */
export interface Camera {
  /** A JPEG of 640x480. */
  readonly jpegAt: (atMs: number) => Buffer;
}

/** The same before it is coded. */
export type View = (atMs: number) => Picture;

const speechMs = 3_000;

/** Somebody in front of a camera, as a synthesis: one photograph, of which the head is turned and the face moved. */
export function genuine(someone: Person, behaviour: Behaviour, seed: number): Camera {
  const view = genuineView(someone, behaviour, seed);
  return { jpegAt: (atMs) => encoded(exposed(view(atMs), { gain: 1 + 0.02 * smooth(seed + 50, atMs, 4_000), noise: 2, seed: hashed(seed, atMs) * 1e9 }), 85) };
}

export function genuineView({ frame, landmarks }: Person, behaviour: Behaviour, seed: number): View {
  const head = new Head(frame, landmarks);
  return (atMs) => head.draw(lookAt(behaviour, seed, atMs));
}

/** Never periodic; the same for the same seed and time. */
function lookAt(behaviour: Behaviour, seed: number, atMs: number): Look {
  const wander = (nth: number, everyMs: number) => smooth(seed + nth, atMs, everyMs);
  const speaks = behaviour === 'talking' && hashed(seed + 20, Math.floor(atMs / speechMs)) < 0.65;
  const lively = behaviour === 'talking' ? 1 : 0.6;
  return {
    yaw: lively * (9 * wander(1, 2_500) + 3 * wander(2, 900)),
    pitch: lively * (5 * wander(3, 2_100) + 2 * wander(4, 700)),
    roll: lively * 4 * wander(5, 2_700),
    right: 10 * wander(6, 3_100),
    down: 6 * wander(7, 2_900),
    nearer: 0.03 * wander(8, 3_700),
    closed: closedAt(seed, atMs),
    open: speaks ? Math.max(0, 0.45 + 0.6 * smooth(seed + 9, atMs, 110)) : 0,
    wider: speaks ? 0.12 * smooth(seed + 10, atMs, 170) : 0,
    raised: lively * Math.max(0, wander(11, 1_300) - 0.4),
  };
}

/** People blink 12 to 20 times a minute, for 150 to 300 ms: down in a third of it, up again in the rest. */
export function closedAt(seed: number, atMs: number): number {
  const everyMs = 60_000 / (12 + 8 * hashed(seed, 30));
  const slot = Math.floor(atMs / everyMs);
  const blinks = [slot - 1, slot].map((nth) => {
    const startMs = (nth + 0.9 * hashed(seed + 31, nth)) * everyMs;
    const share = (atMs - startMs) / (150 + 150 * hashed(seed + 32, nth));
    if (share < 0 || share > 1) return 0;
    return Math.min(1, 1.3 * (share < 1 / 3 ? 3 * share : 1.5 * (1 - share)));
  });
  return Math.max(...blinks);
}
