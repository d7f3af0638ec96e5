import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isParleyError } from '@parley/errors';
import { encoded, people, person, type Picture } from '@parley/picture-sequences';
import fc from 'fast-check';
import { faceArea } from '../domain/face-area.ts';
import { headPose } from '../domain/head-pose.ts';
import { initialJudgement, judge } from '../domain/judgement.ts';
import { TERMS } from '../test-support/observed-call.ts';
import { croppedPicture, encode, FACE, NO_FACE, samplePicture } from '../test-support/sample-pictures.ts';
import { landmarkRanges } from './face/face-landmarks-68.ts';
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

/** The face of the second photograph in a frame of another size around it: 640 is `FACE`'s. */
const around = (width: number) => ({ sample: 2, x: Math.round(1543 - width / 2), y: Math.max(0, Math.round(306 - (width * 3) / 8)), width, height: (width * 3) / 4 });

describe('a measurement', () => {
  test.each([480, 720, 880])('has an area that grows with the square of the zoom: a frame of %i pixels around the face', async (width) => {
    const { areaRatio } = await measure(await croppedPicture(around(640)));
    const zoomed = await measure(await croppedPicture(around(width)));
    expect(zoomed.areaRatio / (areaRatio * (640 / width) ** 2)).toBeCloseTo(1, 1);
    expect(zoomed.inside).toBe(1);
  });

  test('of a face that leaves the frame gets smaller, and then there is none', async () => {
    const whole = await measure(await croppedPicture(FACE));
    const leaving = await measure(await croppedPicture({ ...FACE, x: FACE.x + 300 }));
    const gone = await measure(await croppedPicture({ ...FACE, x: FACE.x + 340 }));
    expect(leaving.areaRatio * leaving.inside).toBeLessThan(0.6 * whole.areaRatio);
    expect(leaving.shape).toEqual([]);
    expect(gone).toMatchObject({ faces: 0, areaRatio: 0, inside: 0, shape: [] });
  });

  test('of hair alone finds nobody', async () => {
    const { frame } = person(people.forMeasuring[0]!);
    const hair = { width: frame.width, height: 150, data: frame.data.subarray(0, frame.width * 150 * 3) };
    expect((await measure(encoded(hair, 85))).faces).toBe(0);
  });

  test.each([
    [1, 3],
    [5, 5],
    [6, 4],
  ])('counts faces, and takes the largest: photograph %i', async (sample, atLeast) => {
    const seen = await measure(await samplePicture(sample));
    expect(seen.faces).toBeGreaterThanOrEqual(atLeast);
    expect(seen.shape).toHaveLength(8);
  });

  test.each(people.forMeasuring)('of person %i in a mirror turns and tilts the other way, and is as large', async (number) => {
    const { frame } = person(number);
    const [seen, mirrored] = [await measure(encoded(frame, 90)), await measure(encoded(mirrorImage(frame), 90))];
    expect(Math.abs(seen.yaw + mirrored.yaw)).toBeLessThanOrEqual(8);
    expect(Math.abs(seen.roll + mirrored.roll)).toBeLessThanOrEqual(15);
    expect(Math.abs(seen.pitch - mirrored.pitch)).toBeLessThanOrEqual(15);
    expect(Math.abs(mirrored.areaRatio / seen.areaRatio - 1)).toBeLessThan(0.2);
  });

  test('of a picture that is turned in its plane tilts with it, and keeps the shape', async () => {
    const someone = person(people.forMeasuring[6]!);
    const straight = await measure(encoded(someone.frame, 90));
    const turned = await measure(encoded(rotated(someone.frame, 15), 90));
    expect(Math.abs(turned.roll - straight.roll - 15)).toBeLessThanOrEqual(4);
    for (const [nth, coordinate] of turned.shape.entries()) expect(Math.abs(coordinate - straight.shape[nth]!)).toBeLessThanOrEqual(25);
  });

  test('has a digest that is equal for equal pictures of one call only', async () => {
    const [one, other] = [await croppedPicture(FACE, 160), await croppedPicture({ ...FACE, x: FACE.x + 1 }, 160)];
    const digest = async (callId: string, picture: Uint8Array) => (await engine.open(callId).measure(picture, 0)).digest;
    expect(await digest('call', one)).toMatch(/^[0-9a-f]{16}$/);
    expect(await digest('call', one)).toBe(await digest('call', one));
    expect(await digest('call', other)).not.toBe(await digest('call', one));
    expect(await digest('another', one)).not.toBe(await digest('call', one));
    // What a file says beside its pixels makes no difference.
    const commented = Buffer.concat([one.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 4, 1, 2]), one.subarray(2)]);
    expect(await digest('call', commented)).toBe(await digest('call', one));
  });
});

test.each([...people.forChoosing, ...people.forMeasuring])('the points that @parley/picture-sequences has of person %i are those of the face that is measured', async (number) => {
  const { frame, landmarks } = person(number);
  const seen = await measure(encoded(frame, 90));
  const { areaRatio } = faceArea(landmarks.slice(landmarkRanges.nose[0]), frame);
  const pose = headPose(landmarks)!;
  expect(Math.abs(seen.areaRatio / areaRatio - 1)).toBeLessThan(0.3);
  expect(Math.abs(seen.yaw - pose.yaw)).toBeLessThan(10);
  expect(Math.abs(seen.roll - pose.roll)).toBeLessThan(10);
});

function mirrorImage({ width, height, data }: Picture): Picture {
  return { width, height, data: data.map((_, at) => data[(Math.floor(at / 3 / width) * width + (width - 1 - (Math.floor(at / 3) % width))) * 3 + (at % 3)]!) };
}

/** Clockwise, about the middle. */
function rotated({ width, height, data }: Picture, degrees: number): Picture {
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return {
    width,
    height,
    data: data.map((_, at) => {
      const [x, y] = [(Math.floor(at / 3) % width) - width / 2, Math.floor(at / 3 / width) - height / 2];
      const [fromX, fromY] = [Math.round(x * cos + y * sin + width / 2), Math.round(y * cos - x * sin + height / 2)];
      return data[(fromY * width + fromX) * 3 + (at % 3)] ?? 0;
    }),
  };
}

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
