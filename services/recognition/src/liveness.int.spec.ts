import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { attack, genuine, people, person, type Camera } from '@parley/picture-sequences';
import { initialLiveness, observeFace } from './domain/liveness.ts';
import { createFaceEngine, type FaceEngine } from './engines/face-engine.ts';

// A short version of `make bench-liveness`, with people whom no threshold was chosen on.

let engine: FaceEngine;
beforeAll(async () => {
  engine = await createFaceEngine({ threads: 1 });
});
afterAll(() => engine.close());

const everyMs = 500;

async function observe(camera: Camera, seconds: number) {
  const recogniser = engine.open('call');
  let state = initialLiveness;
  const found = { faces: 0, signs: 0, firstReplayedMs: Infinity };
  for (let atMs = 0; atMs < seconds * 1_000; atMs += everyMs) {
    const face = await recogniser.measure(camera.jpegAt(atMs), atMs);
    const observed = observeFace(state, atMs, face);
    state = observed.state;
    found.faces += face.faces > 0 ? 1 : 0;
    found.signs += observed.sign ? 1 : 0;
    if (observed.replayed) found.firstReplayedMs = Math.min(found.firstReplayedMs, atMs);
  }
  return found;
}

const [first, second] = [person(people.forMeasuring[4]!), person(people.forMeasuring[0]!)];

describe('before a camera', () => {
  test.each(['still', 'moved', 'waved', 'flickering', 'jittered'] as const)('a photograph that is %s gives no sign of life', async (kind) => {
    const found = await observe(attack(kind, first, 1), 8);
    expect(found.faces).toBeGreaterThan(12);
    expect(found).toMatchObject({ signs: 0, firstReplayedMs: Infinity });
  });

  test('a frozen picture is found after two seconds', async () => {
    expect(await observe(attack('frozen', first, 1), 3)).toMatchObject({ signs: 0, firstReplayedMs: 2_000 });
  });

  test('a recording that begins again is found at once where its frames are the same', async () => {
    expect((await observe(attack('replayed', first, 1, 3_000), 4)).firstReplayedMs).toBe(3_000);
  });

  test('a recording that begins again is found in time where its frames are moved and coded anew', async () => {
    expect((await observe(attack('looped', first, 2, 7_300), 20)).firstReplayedMs).toBeLessThan(20_000);
  });

  test('a room without anybody shows nothing', async () => {
    expect(await observe(attack('empty', first, 1), 2)).toEqual({ faces: 0, signs: 0, firstReplayedMs: Infinity });
  });

  test.each([
    ['first', first],
    ['second', second],
  ])('somebody who talks gives signs, and repeats nothing: the %s', async (_who, someone) => {
    const found = await observe(genuine(someone, 'talking', 1), 10);
    expect(found.signs).toBeGreaterThan(0);
    expect(found.firstReplayedMs).toBe(Infinity);
  });
});
