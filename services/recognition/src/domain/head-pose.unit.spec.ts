import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Point } from './face-area.ts';
import { headModel, headPose, type HeadPose } from './head-pose.ts';

/** The model's head, turned, then nodded, then tilted, as a camera far away sees it. */
function seen({ yaw, pitch, roll }: HeadPose, scale = 1, at: Point = { x: 0, y: 0 }): Point[] {
  const [turn, nod, tilt] = [yaw, pitch, roll].map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
  const points: Point[] = [];
  for (const [nth, [x, y, z]] of headModel) {
    const [turnedX, turnedZ] = [x * Math.cos(turn) - z * Math.sin(turn), x * Math.sin(turn) + z * Math.cos(turn)];
    const noddedY = y * Math.cos(nod) + turnedZ * Math.sin(nod);
    points[nth] = { x: at.x + scale * (turnedX * Math.cos(tilt) - noddedY * Math.sin(tilt)), y: at.y + scale * (turnedX * Math.sin(tilt) + noddedY * Math.cos(tilt)) };
  }
  return points;
}

const angle = fc.integer({ min: -60, max: 60 });

describe('the pose of a head', () => {
  test('is that of the head in space, wherever and however large it is seen', () => {
    fc.assert(
      fc.property(angle, angle, angle, fc.integer({ min: 1, max: 50 }), angle, (yaw, pitch, roll, scale, offset) => {
        const pose = headPose(seen({ yaw, pitch, roll }, scale / 10, { x: offset, y: -offset }));
        expect(pose?.yaw).toBeCloseTo(yaw, 6);
        expect(pose?.pitch).toBeCloseTo(pitch, 6);
        expect(pose?.roll).toBeCloseTo(roll, 6);
      }),
    );
  });

  test('with the nose to the right of the picture is to the right, and with it up is up', () => {
    const straight = seen({ yaw: 0, pitch: 0, roll: 0 });
    const moved = (x: number, y: number) => straight.map((point, nth) => ([28, 29, 30].includes(nth) ? { x: point.x + x, y: point.y + y } : point));
    expect(headPose(moved(10, 0))?.yaw).toBeGreaterThan(5);
    expect(headPose(moved(0, -10))?.pitch).toBeGreaterThan(5);
  });

  test('of points in one place there is none', () => {
    expect(headPose(Array.from({ length: 68 }, () => ({ x: 3, y: 3 })))).toBeUndefined();
  });
});
