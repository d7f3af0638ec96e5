import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isParleyError } from '@parley/errors';
import fc from 'fast-check';
import { initialJudgement, judge } from '../domain/judgement.ts';
import { TERMS } from '../test-support/observed-call.ts';
import { croppedPicture, encode, FACE, NO_FACE, samplePicture } from '../test-support/sample-pictures.ts';
import { createFaceEngine, type FaceEngine } from './face-engine.ts';

let engine: FaceEngine;
beforeAll(async () => {
  engine = await createFaceEngine({ threads: 1 });
});
afterAll(() => engine.close());

const measure = (picture: Uint8Array) => engine.open('call').measure(picture, 0);
/** By itself, without a sign of life. */
const look = async (picture: Uint8Array, minFaceAreaRatio = 0) => judge(initialJudgement, 0, await measure(picture), { ...TERMS, minFaceAreaRatio }).finding;

describe('the face engine', () => {
  test.each([1, 2, 3, 4, 5, 6])('finds a face in sample %i, small as it is', async (sample) => {
    const found = await look(await samplePicture(sample), 0.003);
    expect(found.presence).toBe('there');
    expect(found.confidence).toBeGreaterThan(0.5);
    // A face of a group photograph takes about half a per cent of it.
    expect((await look(await samplePicture(sample), 0.01)).presence).toBe('nobody');
  });

  test.each([640, 320, 160])('finds a face in front of a camera, and none in the empty room, at %i pixels', async (width) => {
    expect((await look(await croppedPicture(FACE, width), 0.015)).presence).toBe('there');
    expect(await look(await croppedPicture(NO_FACE, width))).toMatchObject({ presence: 'nobody', confidence: 0 });
  });

  test('a face counts by the area of its eyes, nose and mouth, which shrinks as it moves away (claim 5)', async () => {
    const farther = { ...FACE, x: 800, y: 0, width: 1120, height: 840 };
    expect((await look(await croppedPicture(FACE), 0.015)).presence).toBe('there');
    expect((await look(await croppedPicture(farther), 0.015)).presence).toBe('nobody');
    expect((await look(await croppedPicture(farther), 0.004)).presence).toBe('there');
  });

  test('a face that is half outside or covered is none of that size', async () => {
    const half = { ...FACE, x: FACE.x + 320, width: 320 };
    expect((await look(await croppedPicture(half), 0.03)).presence).toBe('nobody');
  });

  test.each([
    ['one colour', encode(320, 240, () => 128)],
    ['a gradient', encode(320, 240, (x, y) => (x + y) % 256)],
    ['stripes', encode(320, 240, (x) => (x % 16 < 8 ? 30 : 220))],
    ['a single pixel', encode(1, 1, () => 0)],
  ])('finds nobody in %s', async (_what, picture) => {
    expect((await look(picture)).presence).toBe('nobody');
  });

  test('gives the same for the same picture', async () => {
    const picture = await croppedPicture(FACE);
    const [first, ...others] = await Promise.all([look(picture), look(picture), look(picture)]);
    for (const other of others) expect(other).toEqual(first);
  });

  test('pictures that are damaged inside are refused or looked at, and the next one is looked at', async () => {
    const picture = await croppedPicture(FACE, 160);
    const damaged = fc.array(fc.tuple(fc.integer({ min: 20, max: picture.length - 3 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(damaged, async (changes) => {
        const file = Buffer.from(picture);
        for (const [at, value] of changes) file[at] = value;
        try {
          engine.open('call').check(file);
          await look(file);
        } catch (error) {
          expect(isParleyError(error) && ['observation.not_an_image', 'observation.image_too_large'].includes(error.code)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
    expect((await look(picture)).presence).toBe('there');
  });

  test('the picture that was given is left as it is', async () => {
    const picture = await croppedPicture(FACE, 160);
    const copy = Buffer.from(picture);
    await look(picture);
    expect(picture).toEqual(copy);
  });
});

describe('threads', () => {
  test('work side by side, and a closed engine fails what is left', async () => {
    const two = await createFaceEngine({ threads: 2 });
    const picture = await croppedPicture(FACE, 320);
    const found = await Promise.all(Array.from({ length: 6 }, () => two.open('call').measure(picture, 0)));
    expect(new Set(found.map(({ score }) => score)).size).toBe(1);

    const late = Array.from({ length: 3 }, () => two.open('call').measure(picture, 0));
    const [settled] = await Promise.all([Promise.allSettled(late), two.close()]);
    for (const one of settled) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'observation.analysis_failed' } });
    }
  });
});
