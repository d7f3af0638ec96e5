import { describe, expect, test } from '@jest/globals';
import { samplePlanes, sampleThrough, type Rectangle } from './sampled-planes.ts';

/** Two rows of three pixels; red counts up, green is ten times and blue a hundred times as much. */
const picture = { width: 3, height: 2, data: Uint8Array.from([0, 1, 2, 3, 4, 5].flatMap((value) => [value, value * 10, value * 40])) };
const whole: Rectangle = { x: 0, y: 0, width: 3, height: 2 };

function sampled(rectangle: Rectangle, part: Rectangle, scale: number, width: number, height: number): number[][] {
  const planes = new Float32Array(3 * width * height).fill(7);
  samplePlanes(picture, rectangle, part, scale, { planes, width, height });
  const size = width * height;
  return [0, 1, 2].map((plane) => [...planes.subarray(plane * size, (plane + 1) * size)]);
}

describe('samplePlanes', () => {
  test('parts a picture into its colours', () => {
    expect(sampled(whole, whole, 1, 3, 2)).toEqual([[0, 1, 2, 3, 4, 5], [0, 10, 20, 30, 40, 50], [0, 40, 80, 120, 160, 200]]);
  });

  test('lies between the neighbours, and on the last pixel at the edges', () => {
    expect(sampled(whole, whole, 0.5, 6, 4)[0]).toEqual([0, 0.5, 1, 1.5, 2, 2, 1.5, 2, 2.5, 3, 3.5, 3.5, 3, 3.5, 4, 4.5, 5, 5, 3, 3.5, 4, 4.5, 5, 5]);
  });

  test('takes a part, and is black where that ends', () => {
    expect(sampled({ x: 1, y: -1, width: 3, height: 3 }, { x: 1, y: 0, width: 2, height: 2 }, 1, 3, 3)[0]).toEqual([0, 0, 0, 1, 2, 0, 4, 5, 0]);
  });
});

describe('sampleThrough', () => {
  const straight = { xx: 1, xy: 0, x0: 0, yx: 0, yy: 1, y0: 0 };

  function through(placement: typeof straight, from: { width: number; height: number; data: Uint8Array }, width: number, height: number): number[][] {
    const planes = new Float32Array(3 * width * height).fill(7);
    sampleThrough(from, placement, { planes, width, height });
    const size = width * height;
    return [0, 1, 2].map((plane) => [...planes.subarray(plane * size, (plane + 1) * size)]);
  }

  test('parts a picture into its colours, and is black at its edge and beyond', () => {
    expect(through(straight, picture, 3, 2)).toEqual([[0, 1, 0, 0, 0, 0], [0, 10, 0, 0, 0, 0], [0, 40, 0, 0, 0, 0]]);
  });

  test('lies between the neighbours', () => {
    expect(through({ ...straight, x0: 0.5, y0: 0.25 }, picture, 2, 1)[0]).toEqual([1.25, 2.25]);
  });

  test('turns', () => {
    // A quarter: what was to the right is below.
    const large = { width: 4, height: 4, data: Uint8Array.from({ length: 16 }, (_, at) => at).reduce((data, value) => data.fill(value, value * 3, value * 3 + 3), new Uint8Array(48)) };
    expect(through({ xx: 0, xy: 1, x0: 0, yx: -1, yy: 0, y0: 2 }, large, 3, 3)[0]).toEqual([8, 4, 0, 9, 5, 1, 10, 6, 2]);
  });

  test.each([
    ['columns', (x: number) => x],
    ['rows', (_x: number, y: number) => y],
  ])('takes the mean of the pixels that one of the planes covers: %s', (_what, stripeOf) => {
    const striped = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3).map((_, at) => (stripeOf(Math.floor(at / 3) % 8, Math.floor(at / 24)) % 2 === 0 ? 200 : 0)) };
    expect(through({ ...straight, xx: 2, yy: 2, x0: 0.5, y0: 0.5 }, striped, 4, 4)[0]).toEqual(Array.from({ length: 16 }, () => 100));
  });
});
