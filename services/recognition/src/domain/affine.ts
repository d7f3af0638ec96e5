import type { Point } from './face-area.ts';

/** x' = xx x + xy y + x0, y' = yx x + yy y + y0. */
export interface Affine {
  readonly xx: number;
  readonly xy: number;
  readonly x0: number;
  readonly yx: number;
  readonly yy: number;
  readonly y0: number;
}

export function applied({ xx, xy, x0, yx, yy, y0 }: Affine, { x, y }: Point): Point {
  return { x: xx * x + xy * y + x0, y: yx * x + yy * y + y0 };
}

/** How many times as large areas become; negative for a mirror image. */
export function determinant({ xx, xy, yx, yy }: Affine): number {
  return xx * yy - xy * yx;
}

/** The way back. */
export function inverse(map: Affine): Affine {
  const size = determinant(map);
  const [xx, xy, yx, yy] = [map.yy / size, -map.xy / size, -map.yx / size, map.xx / size];
  return { xx, xy, x0: -xx * map.x0 - xy * map.y0, yx, yy, y0: -yx * map.x0 - yy * map.y0 };
}

/** The map that brings points nearest to others, by least squares; undefined for points on a line. */
export function affineBetween(from: readonly Point[], to: readonly Point[]): Affine | undefined {
  const [fromMiddle, toMiddle] = [middle(from), middle(to)];
  let [a, b, d, ax, bx, ay, by] = [0, 0, 0, 0, 0, 0, 0];
  for (const [nth, point] of from.entries()) {
    const [x, y] = [point.x - fromMiddle.x, point.y - fromMiddle.y];
    const [u, v] = [to[nth]!.x - toMiddle.x, to[nth]!.y - toMiddle.y];
    a += x * x;
    b += x * y;
    d += y * y;
    ax += x * u;
    bx += y * u;
    ay += x * v;
    by += y * v;
  }
  const spread = a * d - b * b;
  if (spread < 1e-9 * (a + d) ** 2 || a + d === 0) return undefined;
  const [xx, xy, yx, yy] = [(ax * d - bx * b) / spread, (bx * a - ax * b) / spread, (ay * d - by * b) / spread, (by * a - ay * b) / spread];
  return { xx, xy, x0: toMiddle.x - xx * fromMiddle.x - xy * fromMiddle.y, yx, yy, y0: toMiddle.y - yx * fromMiddle.x - yy * fromMiddle.y };
}

function middle(points: readonly Point[]): Point {
  const sum = points.reduce((at, { x, y }) => ({ x: at.x + x, y: at.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
