/** A landmark in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Face {
  /** Eyes, nose and mouth, as found in the picture. */
  readonly components: readonly Point[];
  /** Of the detector, 0..1. */
  readonly score: number;
}

/**
 * US 11558721 claim 5: a face counts by the ratio of the area that holds its components (eyes, nose, mouth) to the
 * picture. The area is that of their convex hull.
 */
export function faceAreaRatio({ components }: Pick<Face, 'components'>, picture: { readonly width: number; readonly height: number }): number {
  return hullArea(components) / (picture.width * picture.height);
}

/** Area of the convex hull, by Andrew's monotone chain and the shoelace formula. */
export function hullArea(points: readonly Point[]): number {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const hull = [...halfHull(sorted), ...halfHull(sorted.toReversed())];
  const doubled = hull.reduce((sum, point, index) => {
    const next = hull[(index + 1) % hull.length] ?? point;
    return sum + point.x * next.y - next.x * point.y;
  }, 0);
  return Math.abs(doubled) / 2;
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
