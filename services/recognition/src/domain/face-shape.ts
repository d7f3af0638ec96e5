import { affineBetween, applied, determinant, type Affine } from './affine.ts';
import type { Point } from './face-area.ts';

/**
 * Where eyebrows, nose, eyes and mouth of a face lie in a square of 112, as the network of landmarks sees a face from the
 * front: points 17 to 67 of iBUG 300-W. The mean of what it gives for the people of `@parley/picture-sequences` that
 * thresholds are chosen on, made symmetrical.
 */
const meanFace: readonly Point[] = ([
  [26.5, 27.1], [30.9, 23.7], [36.8, 22.6], [42.1, 23.3], [47, 25.1], [65, 25.1], [69.9, 23.3], [75.2, 22.6], [81.1, 23.7],
  [85.5, 27.1], [56, 36.1], [56, 42.9], [56, 49], [56, 54.9], [49.6, 58.6], [52.5, 59.5], [56, 60.4], [59.5, 59.5],
  [62.4, 58.6], [34, 35.3], [37.3, 33.6], [42.3, 33.5], [46.4, 36], [42.6, 37.3], [37.5, 37.3], [65.6, 36], [69.7, 33.5],
  [74.7, 33.6], [78, 35.3], [74.5, 37.3], [69.4, 37.3], [41.9, 70.4], [46.8, 67.9], [52.9, 66.2], [56, 66.9], [59.1, 66.2],
  [65.2, 67.9], [70.1, 70.4], [65, 75.6], [60.6, 78.2], [56, 78.9], [51.4, 78.2], [47, 75.6], [43.1, 70.5], [51.8, 69.7],
  [56, 69.6], [60.2, 69.7], [68.9, 70.5], [60.2, 73.5], [56, 73.8], [51.8, 73.5],
] as const).map(([x, y]) => ({ x, y }));
const firstOfMean = 17;
/** The mean face as 68 points; its jaw, which nothing here looks at, lies in its middle. */
export function frontalFace(): Point[] {
  return [...Array.from({ length: firstOfMean }, () => ({ x: 56, y: 56 })), ...meanFace];
}

/** Between the outer corners of the mean face's eyes: what coordinates are thousandths of. */
const eyeDistance = 44;
/** Of the 68: what no expression moves. Corners of the eyes, root and base of the nose. */
const steady = [36, 39, 42, 45, 27, 31, 32, 33, 34, 35];
/** Points of a face lie no farther than this from the mean face's, in root mean square, in pixels of its square. */
const maxMisfit = 9;
/** A face may be so much narrower one way than the other by the angle that it is seen at. */
const maxSqueeze = 3;

/**
 * How the mean face lies in a picture, by 68 points; undefined when these make no face: they lie on a line, are a mirror
 * image, or are in no order that a face's have.
 */
export function facePlacement(points: readonly Point[]): Affine | undefined {
  const placement = affineBetween(meanFace, points.slice(firstOfMean));
  const back = affineBetween(points.slice(firstOfMean), meanFace);
  if (placement === undefined || back === undefined || determinant(placement) <= 0) return undefined;
  if (squeeze(placement) > maxSqueeze || misfit(back, points) > maxMisfit) return undefined;
  return placement;
}

function misfit(back: Affine, points: readonly Point[]): number {
  const squares = meanFace.map((expected, nth) => {
    const { x, y } = applied(back, points[firstOfMean + nth]!);
    return (x - expected.x) ** 2 + (y - expected.y) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** The larger of the two scales by the smaller. */
function squeeze({ xx, xy, yx, yy }: Affine): number {
  const [sum, area] = [xx * xx + xy * xy + yx * yx + yy * yy, Math.abs(xx * yy - xy * yx)];
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * area * area));
  return Math.sqrt((sum + root) / (sum - root));
}

/** How the mean face lies in a picture, by the points that no expression moves. */
export function steadyPlacement(points: readonly Point[]): Affine | undefined {
  return affineBetween(steady.map((nth) => meanFace[nth - firstOfMean]!), steady.map((nth) => points[nth]!));
}

/**
 * How far two locations of the same 68 points lie apart, in root mean square, by the distance between the eyes' outer corners.
 * Far apart, they are no face that is seen well.
 */
export function disagreement(points: readonly Point[], others: readonly Point[]): number {
  const squares = points.slice(firstOfMean).map(({ x, y }, nth) => (x - others[nth + firstOfMean]!.x) ** 2 + (y - others[nth + firstOfMean]!.y) ** 2);
  const [left, right] = [points[36]!, points[45]!];
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length) / Math.hypot(right.x - left.x, right.y - left.y);
}

/** In the order of `FaceMeasurement.shape`. */
export const shapeNames = ['leftEye', 'rightEye', 'mouthOpening', 'mouthWidth', 'leftBrow', 'rightBrow', 'noseAcross', 'noseDown'] as const;

/**
 * What moves in a face: the heights of both eyes, as measured; opening and width of the mouth; both brows above their eyes; and
 * the nose's tip against its base, which lies behind it. In thousandths of the distance between the outer corners of the eyes
 * (the eyes': of their widths), in the plane of the points that no expression moves: a flat picture that is shifted, zoomed,
 * rotated or tilted keeps them, up to perspective. "Left" is in the picture.
 * @param points 68, as seen from the front: in the mean face's square
 */
export function shapeOf(points: readonly Point[], eyes: readonly [number, number]): number[] {
  const x = (...of: readonly number[]) => mean(of.map((nth) => points[nth]!.x)) / eyeDistance;
  const y = (...of: readonly number[]) => mean(of.map((nth) => points[nth]!.y)) / eyeDistance;
  const coordinates = [
    ...eyes,
    y(65, 66, 67) - y(61, 62, 63),
    x(54, 64) - x(48, 60),
    y(36, 39) - y(18, 19, 20),
    y(42, 45) - y(23, 24, 25),
    x(30) - x(31, 35),
    y(30) - y(31, 35),
  ];
  return coordinates.map((coordinate) => Math.round(coordinate * 1_000));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
