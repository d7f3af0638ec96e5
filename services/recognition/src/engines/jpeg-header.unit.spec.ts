import { beforeAll, describe, expect, test } from '@jest/globals';
import { isParleyError } from '@parley/errors';
import fc from 'fast-check';
import { encode, samplePicture } from '../test-support/sample-pictures.ts';
import { inspectJpeg } from './jpeg-header.ts';

const LIMITS = { maxBytes: 2 * 1024 * 1024, maxSidePixels: 1920 };
const picture = encode(40, 30, (x, y, channel) => (x * 7 + y * 13 + channel * 50) % 256);
const refusal = (file: Uint8Array, limits = LIMITS): unknown => {
  try {
    inspectJpeg(file, limits);
    return undefined;
  } catch (error) {
    return isParleyError(error) ? error.code : error;
  }
};
/** The picture with another height and width written into its frame header. */
const resized = (height: number, width: number): Buffer => {
  const file = Buffer.from(picture);
  const frameAt = file.indexOf(Buffer.from([0xff, 0xc0]));
  file.writeUInt16BE(height, frameAt + 5);
  file.writeUInt16BE(width, frameAt + 7);
  return file;
};

describe('a JPEG file, before it is decoded', () => {
  let samples: Buffer[];
  beforeAll(async () => {
    samples = await Promise.all([1, 2, 3, 4, 5, 6].map(samplePicture));
  });

  test('has a size', () => {
    expect(inspectJpeg(picture, LIMITS)).toEqual({ width: 40, height: 30 });
    expect(samples.map((sample) => inspectJpeg(sample, LIMITS).width)).toEqual([1920, 1920, 1920, 1920, 1920, 1920]);
  });

  test('is refused when it has too many bytes or pixels, whatever it would take to decode it', () => {
    expect(refusal(picture, { ...LIMITS, maxBytes: picture.length - 1 })).toBe('observation.image_too_large');
    expect(refusal(resized(1921, 30))).toBe('observation.image_too_large');
    expect(refusal(resized(40, 65_535))).toBe('observation.image_too_large');
    expect(refusal(resized(1920, 1920))).toBeUndefined();
    expect(refusal(resized(0, 30))).toBe('observation.not_an_image');
  });

  test('may have anything behind it, and fill bytes before a marker', () => {
    expect(refusal(Buffer.concat([picture, Buffer.from('trailer')]))).toBeUndefined();
    expect(refusal(Buffer.concat([picture.subarray(0, 2), Buffer.from([0xff, 0xff]), picture.subarray(2)]))).toBeUndefined();
  });

  test('is refused when it is cut off anywhere', () => {
    for (let length = 0; length < picture.length; length += 1) {
      expect(refusal(picture.subarray(0, length))).toBe('observation.not_an_image');
    }
    for (const sample of samples) expect(refusal(sample.subarray(0, sample.length / 2))).toBe('observation.not_an_image');
  });

  test('is refused when it has scans without end', () => {
    const scanAt = picture.indexOf(Buffer.from([0xff, 0xda]));
    const scan = picture.subarray(scanAt, picture.length - 2);
    const withScans = (count: number): Buffer =>
      Buffer.concat([picture.subarray(0, scanAt), ...Array.from({ length: count }, () => scan), picture.subarray(picture.length - 2)]);
    expect(refusal(withScans(32))).toBeUndefined();
    expect(refusal(withScans(33))).toBe('observation.not_an_image');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is not a picture at all')],
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['an end without a picture', Buffer.from([0xff, 0xd8, 0xff, 0xd9])],
    ['arithmetic coding', Buffer.from(picture.toString('latin1').replace('\xff\xc0', '\xff\xc9'), 'latin1')],
  ])('%s is refused', (_what, file) => {
    expect(refusal(file)).toBe('observation.not_an_image');
  });

  test('whatever the bytes, it is measured or refused', () => {
    const damaged = fc.array(fc.tuple(fc.nat({ max: picture.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }).map((changes) => {
      const file = Buffer.from(picture);
      for (const [at, value] of changes) file[at] = value;
      return file;
    });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (file) => {
        expect([undefined, 'observation.not_an_image', 'observation.image_too_large']).toContain(refusal(file));
      }),
      { numRuns: 1000 },
    );
  });
});
