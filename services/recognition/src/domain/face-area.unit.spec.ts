import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { faceArea, hullArea, type Point } from './face-area.ts';

const square: Point[] = [
  { x: 10, y: 10 },
  { x: 30, y: 10 },
  { x: 30, y: 30 },
  { x: 10, y: 30 },
];
const coordinate = fc.integer({ min: 0, max: 1000 });
const points = fc.array(fc.record({ x: coordinate, y: coordinate }), { maxLength: 40 });

describe('the area of a face', () => {
  test('is the ratio of the hull of its components to the picture', () => {
    expect(faceArea([...square, { x: 20, y: 20 }], { width: 100, height: 40 })).toEqual({ areaRatio: 0.1, inside: 1 });
  });

  test.each([
    ['half of it', { width: 20, height: 100 }, 0.5],
    ['a quarter', { width: 20, height: 20 }, 0.25],
    ['nothing', { width: 10, height: 10 }, 0],
  ])('counts as far as it lies inside of the picture: %s', (_what, picture, inside) => {
    expect(faceArea(square, picture)).toEqual({ areaRatio: (400 * inside) / (picture.width * picture.height), inside });
  });

  test('that spans nothing lies nowhere', () => {
    expect(faceArea([{ x: 1, y: 1 }], { width: 10, height: 10 })).toEqual({ areaRatio: 0, inside: 0 });
  });

  test('is cut by the picture to what both have in common, wherever it lies', () => {
    const [near, far] = [fc.integer({ min: -50, max: 50 }), fc.integer({ min: 51, max: 200 })];
    fc.assert(
      fc.property(near, near, far, far, (left, top, right, bottom) => {
        const rectangle = [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
        const common = (Math.min(100, right) - Math.max(0, left)) * (Math.min(80, bottom) - Math.max(0, top));
        const { areaRatio, inside } = faceArea(rectangle, { width: 100, height: 80 });
        expect(areaRatio).toBeCloseTo(common / 8_000, 9);
        expect(inside).toBeCloseTo(common / ((right - left) * (bottom - top)), 9);
      }),
    );
  });

  test.each([[[]], [[{ x: 1, y: 1 }]], [[{ x: 1, y: 1 }, { x: 5, y: 5 }]], [[{ x: 0, y: 0 }, { x: 1, y: 1 }, { x: 2, y: 2 }]]])(
    'points that span nothing have none',
    (flat: Point[]) => {
      expect(hullArea(flat)).toBe(0);
    },
  );

  test('does not depend on the order, and moves and scales with the points', () => {
    fc.assert(
      fc.property(points, coordinate, (list, offset) => {
        const area = hullArea(list);
        expect(hullArea([...list].reverse())).toBe(area);
        expect(hullArea(list.map(({ x, y }) => ({ x: x + offset, y: y - offset })))).toBe(area);
        expect(hullArea(list.map(({ x, y }) => ({ x: 2 * x, y: 2 * y })))).toBe(4 * area);
      }),
    );
  });

  test('grows with each point, and fits into the bounding box', () => {
    fc.assert(
      fc.property(points.filter((list) => list.length > 0), (list) => {
        const area = hullArea(list);
        expect(hullArea(list.slice(1))).toBeLessThanOrEqual(area);
        const [xs, ys] = [list.map(({ x }) => x), list.map(({ y }) => y)];
        expect(area).toBeLessThanOrEqual((Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys)));
      }),
    );
  });
});
