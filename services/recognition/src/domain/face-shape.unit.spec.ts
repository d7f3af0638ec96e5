import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applied, inverse, type Affine } from './affine.ts';
import type { Point } from './face-area.ts';
import { disagreement, facePlacement, frontalFace, shapeNames, shapeOf, steadyPlacement } from './face-shape.ts';

const eyes = [0.15, 0.16] as const;
const small = fc.integer({ min: -40, max: 40 }).map((hundredths) => hundredths / 100);
/** Shifted, zoomed, rotated, tilted; never turned over. */
const flat = fc.record({ zoom: fc.integer({ min: 5, max: 60 }), turn: fc.integer({ min: -180, max: 180 }), squeeze: small, shear: small, x0: fc.integer({ min: -500, max: 500 }), y0: fc.integer({ min: -500, max: 500 }) }).map(({ zoom, turn, squeeze, shear, x0, y0 }): Affine => {
  const [scale, angle] = [zoom / 10, (turn * Math.PI) / 180];
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return { xx: cos * (1 + squeeze), xy: cos * shear - sin, x0, yx: sin * (1 + squeeze), yy: sin * shear + cos, y0 };
});

function shapeIn(points: readonly Point[]): number[] {
  const back = inverse(steadyPlacement(points)!);
  return shapeOf(points.map((point) => applied(back, point)), eyes);
}

function moved(points: readonly Point[], nths: readonly number[], x: number, y: number): Point[] {
  return points.map((point, nth) => (nths.includes(nth) ? { x: point.x + x, y: point.y + y } : point));
}

const face = frontalFace();

describe('the shape of a face', () => {
  test('stays when a flat picture is shifted, zoomed, rotated or tilted', () => {
    fc.assert(
      fc.property(flat, (map) => {
        const seen = face.map((point) => applied(map, point));
        for (const [nth, coordinate] of shapeIn(seen).entries()) expect(Math.abs(coordinate - shapeIn(face)[nth]!)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test.each([
    ['mouthOpening', [65, 66, 67], 0, 4.4, 100],
    ['mouthWidth', [54, 64], 4.4, 0, 100],
    ['leftBrow', [18, 19, 20], 0, -4.4, 100],
    ['rightBrow', [23, 24, 25], 0, -4.4, 100],
    ['noseAcross', [30], 4.4, 0, 100],
    ['noseDown', [30], 0, 4.4, 100],
  ] as const)('says of %s how far it moved, and of nothing else', (name, nths, x, y, by) => {
    const before = shapeIn(face);
    const after = shapeIn(moved(face, nths, x, y));
    const changes = shapeNames.map((coordinate, nth) => [coordinate, after[nth]! - before[nth]!] as const).filter(([, change]) => Math.abs(change) > 1);
    expect(changes).toHaveLength(1);
    expect(changes[0]![0]).toBe(name);
    expect(Math.abs(changes[0]![1] - by)).toBeLessThanOrEqual(1);
  });

  test('has the heights of the eyes, as measured', () => {
    expect(shapeIn(face).slice(0, 2)).toEqual([150, 160]);
  });
});

describe('points make a face', () => {
  test('however they are shifted, zoomed and rotated', () => {
    fc.assert(
      fc.property(flat, (map) => {
        const placement = facePlacement(face.map((point) => applied(map, point)));
        for (const name of ['xx', 'xy', 'x0', 'yx', 'yy', 'y0'] as const) expect(placement?.[name]).toBeCloseTo(map[name], 6);
      }),
    );
  });

  test.each([
    ['on a line', face.map(({ x }) => ({ x, y: x }))],
    ['in one place', face.map(() => ({ x: 1, y: 1 }))],
    ['turned inside out', face.map(({ x, y }) => ({ x: -x, y }))],
    ['with the eyes below the mouth', face.map((point, nth) => (nth >= 36 && nth < 48 ? { x: point.x, y: point.y + 60 } : point))],
    ['pressed to a stripe', face.map(({ x, y }) => ({ x: x / 5, y }))],
    ['in another order', face.toReversed()],
  ])('not %s', (_what, points) => {
    expect(facePlacement(points)).toBeUndefined();
  });
});

test('two locations of a face disagree by how far they lie apart, by the eyes', () => {
  expect(disagreement(face, face)).toBe(0);
  expect(disagreement(face, face.map(({ x, y }) => ({ x: x + 4.4, y })))).toBeCloseTo(0.1, 9);
});
