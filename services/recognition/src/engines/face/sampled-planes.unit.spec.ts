import { describe, expect, test } from '@jest/globals';
import { samplePlanes, type Rectangle } from './sampled-planes.ts';

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
