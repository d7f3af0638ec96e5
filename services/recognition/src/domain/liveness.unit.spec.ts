import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shapeNames } from './face-shape.ts';
import { initialLiveness, observeFace, type LivenessState } from './liveness.ts';
import { NO_FACE, type FaceMeasurement } from './measurement.ts';

type Change = Partial<Record<(typeof shapeNames)[number], number>>;

const still = { leftEye: 150, rightEye: 150, mouthOpening: 60, mouthWidth: 500, leftBrow: 300, rightBrow: 300, noseAcross: 0, noseDown: -80 };
let pictures = 0;

/** A face of which a few coordinates differ from the usual; each picture is another one. */
function face(change: Change = {}, digest = (pictures += 1)): FaceMeasurement {
  const shape = shapeNames.map((name) => still[name] + (change[name] ?? 0));
  return { ...NO_FACE, faces: 1, score: 0.8, areaRatio: 0.03, inside: 1, shape, digest: digest.toString(16).padStart(16, '0').replace(/^(.{4})(.*)$/, '$2$1') };
}

interface Shown {
  readonly atMs: number;
  readonly face: FaceMeasurement;
}

function observeAll(shown: readonly Shown[], from: LivenessState = initialLiveness) {
  let state = from;
  const all = shown.map(({ atMs, face }) => {
    const observed = observeFace(state, atMs, face);
    // What is stored and read again is the same.
    state = JSON.parse(JSON.stringify(observed.state)) as LivenessState;
    return { atMs, ...observed };
  });
  return { state, all, signsMs: all.filter(({ sign }) => sign).map(({ atMs }) => atMs), replayedMs: all.filter(({ replayed }) => replayed).map(({ atMs }) => atMs) };
}

/** Pictures at a steady rate; what each shows is a function of its time. */
function film(seconds: number, perSecond: number, at: (atMs: number) => FaceMeasurement, fromMs = 0): Shown[] {
  return Array.from({ length: Math.round(seconds * perSecond) }, (_, nth) => {
    const atMs = fromMs + Math.round((nth * 1_000) / perSecond);
    return { atMs, face: at(atMs) };
  });
}

/** Of seeds, from -1 to 1 (MurmurHash3's finalizer). */
function random(...seeds: readonly number[]): number {
  let state = 17;
  for (const seed of seeds) {
    state = Math.imul(state ^ (seed + 1), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state ^= state >>> 16;
  }
  return (state >>> 0) / 2 ** 31 - 1;
}

function smooth(seed: number, atMs: number, everyMs: number): number {
  const knot = Math.floor(atMs / everyMs);
  const share = atMs / everyMs - knot;
  return random(seed, knot) * (1 - share) + random(seed, knot + 1) * share;
}

/** Somebody who looks around and talks. @param noise of each coordinate */
function lively(seed: number, atMs: number, noise = 0, noiseSeed = atMs): FaceMeasurement {
  const jitter = (nth: number) => noise * random(seed, nth, noiseSeed);
  const turn = smooth(seed, atMs, 900);
  const nod = smooth(seed + 1, atMs, 700);
  return face({
    mouthOpening: Math.max(0, 120 * smooth(seed + 2, atMs, 300)) + jitter(1),
    leftBrow: 35 * nod + jitter(2),
    rightBrow: 35 * nod + jitter(3),
    noseAcross: 50 * turn + jitter(4),
    noseDown: 40 * nod + jitter(5),
  });
}

const seed = fc.integer({ min: 0, max: 1e6 });
const perSecond = fc.constantFrom(1, 2, 3, 5, 10);

describe('a sign of life', () => {
  const resting = film(5, 2, () => face());
  const { state } = observeAll(resting);

  test.each<[string, Change, boolean]>([
    ['both eyes close', { leftEye: -30, rightEye: -25 }, true],
    ['one eye only', { leftEye: -60 }, false],
    ['both eyes open wider', { leftEye: 30, rightEye: 30 }, false],
    ['the mouth opens', { mouthOpening: 90 }, true],
    ['the mouth closes', { mouthOpening: -90 }, true],
    ['both brows rise', { leftBrow: 30, rightBrow: 30 }, true],
    ['one brow only', { leftBrow: 60 }, false],
    ['the nose turns against its base', { noseAcross: 45 }, true],
    ['the nose nods against its base', { noseDown: -25 }, true],
    ['nothing moves', {}, false],
    ['all move as much as a waved photograph showed', { leftEye: -5, rightEye: -5, mouthOpening: 42, mouthWidth: 44, leftBrow: 16, rightBrow: 16, noseAcross: 23, noseDown: 12 }, false],
  ])('is it that %s', (_what, change, sign) => {
    expect(observeFace(state, 5_500, face(change)).sign).toBe(sign);
  });

  test('is none before it is known how the face usually is', () => {
    expect(observeAll(film(1, 2, () => face())).state.seen).toHaveLength(2);
    expect(observeAll([...film(1, 2, () => face()), { atMs: 1_000, face: face({ mouthOpening: 200 }) }]).signsMs).toEqual([]);
  });

  test('is not looked for in a face that is not seen clearly', () => {
    const unclear = { ...face({ mouthOpening: 200 }), shape: [] };
    const observed = observeFace(state, 5_500, unclear);
    expect(observed).toMatchObject({ sign: false, replayed: false });
    expect(observed.state.seen).toEqual(state.seen);
  });

  test('is not compared with what was long ago', () => {
    expect(observeFace(state, 60_000, face({ mouthOpening: 200 })).sign).toBe(false);
  });

  test.each([
    ['nobody was in sight in between', [{ atMs: 5_000, face: NO_FACE }]],
    ['nothing was seen for a while', []],
  ])('is not what another face shows that is held up after this one: %s', (_what, between) => {
    const other = film(5, 2, () => face({ mouthOpening: 200, noseAcross: 90 }), between.length > 0 ? 5_500 : 7_500);
    expect(observeAll([...between, ...other], state).signsMs).toEqual([]);
  });

  test('is never given by a still picture, however it is disturbed by less than the limits', () => {
    fc.assert(
      fc.property(seed, perSecond, (seed, rate) => {
        const noisy = (atMs: number) => face(Object.fromEntries(shapeNames.map((name, nth) => [name, (name.endsWith('Eye') ? 4 : 8) * random(seed, nth, atMs)])));
        expect(observeAll(film(20, rate, noisy)).signsMs).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what is replayed', () => {
  test('is one picture for longer than a camera takes', () => {
    const { replayedMs } = observeAll(film(6, 2, () => face({}, 77)));
    expect(replayedMs[0]).toBe(2_000);
    expect(replayedMs).toHaveLength(8);
  });

  test('is one picture for longer than a camera takes, of a face that is not seen clearly, too', () => {
    const turned = (): FaceMeasurement => ({ ...face({}, 5), shape: [] });
    expect(observeAll(film(4, 2, turned)).replayedMs).toEqual([2_000, 2_500, 3_000, 3_500]);
  });

  test('is no slow camera, which gives each picture a few times', () => {
    expect(observeAll(film(20, 10, (atMs) => face({}, 1_000 + Math.floor(atMs / 500)))).replayedMs).toEqual([]);
  });

  test('is a picture that was shown before another', () => {
    const { replayedMs } = observeAll([...film(4, 2, (atMs) => face({}, 5_000 + atMs)), { atMs: 4_000, face: face({}, 5_500) }]);
    expect(replayedMs).toEqual([4_000]);
  });

  test.each([2_000, 3_100, 4_650, 6_250, 7_300, 8_900, 10_000])('is a loop of %i ms, with noise, at two pictures a second', (loopMs) => {
    for (const seed of [1, 2, 3]) {
      const { replayedMs } = observeAll(film(40, 2, (atMs) => lively(seed, atMs % loopMs, 6, atMs)));
      expect(replayedMs[0]).toBeLessThan(loopMs + 20_000);
      
    }
  });

  test('is nobody who moves of himself, whatever the rate', () => {
    fc.assert(
      fc.property(seed, perSecond, (seed, rate) => {
        const { replayedMs, signsMs } = observeAll(film(40, rate, (atMs) => lively(seed, atMs, 6)));
        expect(signsMs.length).toBeGreaterThan(0);
        expect(replayedMs).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('is nobody who sits still', () => {
    expect(observeAll(film(40, 2, (atMs) => face({ noseAcross: 3 * random(atMs), mouthOpening: 5 * random(atMs, 1) }))).replayedMs).toEqual([]);
  });
});

describe('the state', () => {
  test('stays small, and says the same in whatever pieces it is stored', () => {
    fc.assert(
      fc.property(seed, fc.nat({ max: 100 }), (seed, cut) => {
        const shown = film(30, 10, (atMs) => lively(seed, atMs));
        const whole = observeAll(shown);
        const first = observeAll(shown.slice(0, cut));
        const second = observeAll(shown.slice(cut), first.state);
        expect(second.state).toEqual(whole.state);
        expect([...first.signsMs, ...second.signsMs]).toEqual(whole.signsMs);
        expect(whole.state.seen.length).toBeLessThanOrEqual(48);
        expect(JSON.stringify(whole.state).length).toBeLessThan(8_000);
      }),
      { numRuns: 5 },
    );
  });

  test('keeps what was seen while there is no face', () => {
    const { state } = observeAll(film(3, 2, () => face()));
    const observed = observeFace(state, 3_000, NO_FACE);
    expect(observed).toMatchObject({ state: { seen: state.seen, inSightSinceMs: -1 }, sign: false, replayed: false });
  });
});
