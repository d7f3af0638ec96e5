import { describe, expect, test } from '@jest/globals';
import { eyeHeight } from './eye-height.ts';

const straight = { xx: 1, xy: 0, x0: 0, yx: 0, yy: 1, y0: 0 };
const [outer, inner] = [{ x: 30, y: 60 }, { x: 90, y: 60 }];

/** A dark eye in bright skin, 60 pixels wide. @param opening of the lids, by the eye's width */
function eye(opening: number, skin = 200, iris = 40, turned = false) {
  const [width, height] = [120, 120];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [right, down] = turned ? [y - 60, 60 - x] : [x - 60, y - 60];
      const isEye = Math.abs(right) < 30 && Math.abs(down) < Math.max(1, (opening * 60 * Math.sqrt(1 - (right / 30) ** 2)) / 2);
      data.fill(isEye ? iris : skin, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  return { width, height, data };
}

describe('the height of an eye', () => {
  test('falls with the opening between the lids', () => {
    const heights = [0.5, 0.4, 0.3, 0.2, 0.1, 0].map((opening) => eyeHeight(eye(opening), straight, outer, inner));
    expect(heights).toEqual(heights.toSorted((one, other) => other - one));
    // A uniform stripe's standard deviation is its height by the root of 12.
    expect(heights[2]).toBeGreaterThan((0.9 * 0.3) / Math.sqrt(12) - 0.01);
    expect(heights[2]).toBeLessThan(0.3 / Math.sqrt(12));
    expect(heights[5]).toBeLessThan(heights[2]! / 3);
  });

  test('is the same in any light', () => {
    expect(eyeHeight(eye(0.3, 100, 20), straight, outer, inner)).toBeCloseTo(eyeHeight(eye(0.3, 200, 40), straight, outer, inner), 9);
  });

  test('is the same for the other eye, whose outer corner is to the right', () => {
    expect(eyeHeight(eye(0.3), straight, inner, outer)).toBeCloseTo(eyeHeight(eye(0.3), straight, outer, inner), 9);
  });

  test('follows a face that is turned in the picture', () => {
    const quarter = { xx: 0, xy: -1, x0: 120, yx: 1, yy: 0, y0: 0 };
    expect(eyeHeight(eye(0.3, 200, 40, true), quarter, outer, inner)).toBeCloseTo(eyeHeight(eye(0.3), straight, outer, inner), 1);
  });

  test('of skin only there is none', () => {
    expect(eyeHeight(eye(0.3, 200, 200), straight, outer, inner)).toBe(0);
  });
});
