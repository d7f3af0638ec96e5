/** A landmark in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * US 11558721 claim 5: a face counts by the ratio of the area that holds its components (eyes, nose, mouth) to the
 * picture. The area is that of their convex hull, as far as it lies inside of the picture.
 * @returns the ratio, and the share of the hull that lies inside, both 0..1; 0 for points that span nothing
 */
export function faceArea(components: readonly Point[], picture: { readonly width: number; readonly height: number }): { readonly areaRatio: number; readonly inside: number } {
  const hull = convexHull(components);
  const whole = area(hull);
  if (whole === 0) return { areaRatio: 0, inside: 0 };
  const seen = area(clipped(hull, picture));
  return { areaRatio: seen / (picture.width * picture.height), inside: Math.min(1, seen / whole) };
}

/** Area of the convex hull. */
export function hullArea(points: readonly Point[]): number {
  return area(convexHull(points));
}

/** Andrew's monotone chain. */
function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  return [...halfHull(sorted), ...halfHull(sorted.toReversed())];
}

/** Of a polygon, by the shoelace formula. */
function area(polygon: readonly Point[]): number {
  const doubled = polygon.reduce((sum, point, index) => {
    const next = polygon[(index + 1) % polygon.length] ?? point;
    return sum + point.x * next.y - next.x * point.y;
  }, 0);
  return Math.abs(doubled) / 2;
}

/** What of a convex polygon lies inside of a picture: cut at one edge after the other (Sutherland and Hodgman). */
function clipped(polygon: readonly Point[], { width, height }: { readonly width: number; readonly height: number }): Point[] {
  const edges: ((point: Point) => number)[] = [({ x }) => x, ({ x }) => width - x, ({ y }) => y, ({ y }) => height - y];
  return edges.reduce((rest, depthOf) => cut(rest, depthOf), [...polygon]);
}

/** @param depthOf how far inside of an edge a point lies */
function cut(polygon: readonly Point[], depthOf: (point: Point) => number): Point[] {
  return polygon.flatMap((to, index) => {
    const from = polygon.at(index - 1)!;
    const [before, after] = [depthOf(from), depthOf(to)];
    const share = before / (before - after);
    const crossing = { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
    return [...(before < 0 !== after < 0 ? [crossing] : []), ...(after >= 0 ? [to] : [])];
  });
}

/** One side of the hull without its last point, which begins the other side. */
function halfHull(sorted: readonly Point[]): Point[] {
  const side: Point[] = [];
  for (const point of sorted) {
    while (side.length > 1 && turn(side.at(-2)!, side.at(-1)!, point) <= 0) side.pop();
    side.push(point);
  }
  return side.slice(0, -1);
}

/** Positive for a turn to the left. */
function turn(from: Point, over: Point, to: Point): number {
  return (over.x - from.x) * (to.y - from.y) - (over.y - from.y) * (to.x - from.x);
}
