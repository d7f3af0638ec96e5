import { copySample, type Picture, type Point } from './picture.ts';

/** The numbers of three vertices. */
export type Triangle = readonly [number, number, number];

/** Delaunay's triangulation, by inserting one point after the other (Bowyer 1981, Watson 1981). */
export function triangulate(points: readonly Point[]): Triangle[] {
  const far = 1e5;
  const all = [...points, { x: -far, y: -far }, { x: far, y: -far }, { x: 0, y: far }];
  const outside = points.length;
  let triangles: Triangle[] = [[outside, outside + 1, outside + 2]];
  for (const [nth, point] of points.entries()) {
    const hit = triangles.filter((triangle) => isInCircle(triangle.map((vertex) => all[vertex]!), point));
    const edges = hit.flatMap(([a, b, c]) => [[a, b], [b, c], [c, a]] as [number, number][]);
    const border = edges.filter(([from, to]) => !edges.some(([start, end]) => start === to && end === from));
    triangles = [...triangles.filter((triangle) => !hit.includes(triangle)), ...border.map(([from, to]): Triangle => [from, to, nth])];
  }
  return triangles.filter((triangle) => triangle.every((vertex) => vertex < outside));
}

function isInCircle([a, b, c]: readonly Point[], { x, y }: Point): boolean {
  const [ax, ay, bx, by, cx, cy] = [a!.x - x, a!.y - y, b!.x - x, b!.y - y, c!.x - x, c!.y - y];
  const determinant = (ax * ax + ay * ay) * (bx * cy - cx * by) - (bx * bx + by * by) * (ax * cy - cx * ay) + (cx * cx + cy * cy) * (ax * by - bx * ay);
  const turn = (b!.x - a!.x) * (c!.y - a!.y) - (b!.y - a!.y) * (c!.x - a!.x);
  return determinant * turn > 0;
}

/**
 * Draws a picture with its vertices moved, each triangle by itself (piecewise affine).
 * @param order triangles, those in front last
 */
export function warped(from: Picture, vertices: readonly Point[], moved: readonly Point[], order: readonly Triangle[]): Picture {
  const { width, height } = from;
  const data = new Uint8Array(from.data);
  for (const triangle of order) drawTriangle(from, of(vertices, triangle), of(moved, triangle), data);
  return { width, height, data };
}

type Corners = readonly [Point, Point, Point];

function of(points: readonly Point[], [a, b, c]: Triangle): Corners {
  return [points[a]!, points[b]!, points[c]!];
}

function drawTriangle(from: Picture, [sa, sb, sc]: Corners, target: Corners, data: Uint8Array): void {
  const [a, b, c] = target;
  const area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
  if (Math.abs(area) < 1e-6) return;
  const [left, right] = bounds(target.map(({ x }) => x), from.width);
  const [top, bottom] = bounds(target.map(({ y }) => y), from.height);
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const second = ((x - a.x) * (c.y - a.y) - (c.x - a.x) * (y - a.y)) / area;
      const third = ((b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y)) / area;
      const first = 1 - second - third;
      // A little more than the triangle, so that no pixel between two is left out.
      if (first < -1e-4 || second < -1e-4 || third < -1e-4) continue;
      copySample(from, sa.x * first + sb.x * second + sc.x * third, sa.y * first + sb.y * second + sc.y * third, data, (y * from.width + x) * 3);
    }
  }
}

/** Makes a polygon darker, in place. @param light 1 leaves it as it is, 0 makes it black */
export function darken({ width, height, data }: Picture, polygon: readonly Point[], light: number): void {
  const [left, right] = bounds(polygon.map(({ x }) => x), width);
  const [top, bottom] = bounds(polygon.map(({ y }) => y), height);
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      if (!isWithin(polygon, x, y)) continue;
      for (let at = (y * width + x) * 3, end = at + 3; at < end; at += 1) data[at] = data[at]! * light;
    }
  }
}

function isWithin(polygon: readonly Point[], x: number, y: number): boolean {
  let crossings = 0;
  for (const [nth, { x: toX, y: toY }] of polygon.entries()) {
    const { x: fromX, y: fromY } = polygon.at(nth - 1)!;
    if (fromY > y !== toY > y && x < fromX + ((y - fromY) * (toX - fromX)) / (toY - fromY)) crossings += 1;
  }
  return crossings % 2 === 1;
}

function bounds(values: readonly number[], size: number): [number, number] {
  return [Math.max(0, Math.ceil(Math.min(...values))), Math.min(size - 1, Math.floor(Math.max(...values)))];
}
