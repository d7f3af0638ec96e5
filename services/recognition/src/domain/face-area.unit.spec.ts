import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { faceAreaRatio, hullArea, type Point } from './face-area.ts';

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
    expect(faceAreaRatio({ components: [...square, { x: 20, y: 20 }] }, { width: 100, height: 40 })).toBe(0.1);
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
