import type { Point } from './face-area.ts';

/** In degrees; 0 is a face that looks into the camera, upright. */
export interface HeadPose {
  /** To the right of the picture. */
  readonly yaw: number;
  /** Up. */
  readonly pitch: number;
  /** Clockwise. */
  readonly roll: number;
}

type Vector = readonly [number, number, number];

/**
 * A head in space: some of the 68 points that no expression moves, x to the right of the picture, y down, z away from the camera, in
 * hundredths of the distance between the outer corners of the eyes. Rounded from common generic face models; nobody's exactly.
 */
export const headModel: ReadonlyMap<number, Vector> = new Map<number, Vector>([
  [27, [0, 0, -15]],
  [28, [0, 16, -24]],
  [29, [0, 30, -33]],
  [30, [0, 43, -41]],
  [31, [-15, 52, -22]],
  [33, [0, 56, -29]],
  [35, [15, 52, -22]],
  [36, [-50, 0, 8]],
  [39, [-22, 0, 0]],
  [42, [22, 0, 0]],
  [45, [50, 0, 8]],
]);

/**
 * By the pose from orthography and scaling (POS of DeMenthon and Davis, 1995): the least-squares map from the head in space to
 * the picture, whose rows are the camera's axes; undefined for points that lie on a line.
 * @param points 68, in pixels
 */
export function headPose(points: readonly Point[]): HeadPose | undefined {
  const model = centred([...headModel.values()]);
  const seen = [...headModel.keys()].map((nth) => points[nth]!);
  const right = unit(solved(model, seen.map(({ x }) => x)));
  const down = unit(solved(model, seen.map(({ y }) => y)));
  if (right === undefined || down === undefined) return undefined;
  const away = unit(cross(right, down));
  if (away === undefined) return undefined;
  return { yaw: degrees(Math.atan2(away[0], away[2])), pitch: -degrees(Math.asin(away[1])), roll: degrees(Math.atan2(-right[1], down[1])) };
}

function centred(points: readonly Vector[]): Vector[] {
  const [x, y, z] = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length) as unknown as Vector;
  return points.map((point) => [point[0] - x, point[1] - y, point[2] - z]);
}

/** The vector whose products with the points are nearest to the values, apart from a constant: normal equations, by Cramer's rule. */
function solved(points: readonly Vector[], values: readonly number[]): Vector {
  const sums = (one: 0 | 1 | 2, other: 0 | 1 | 2) => points.reduce((sum, point) => sum + point[one] * point[other], 0);
  const columns: readonly [Vector, Vector, Vector] = [
    [sums(0, 0), sums(0, 1), sums(0, 2)],
    [sums(1, 0), sums(1, 1), sums(1, 2)],
    [sums(2, 0), sums(2, 1), sums(2, 2)],
  ];
  const target = [0, 1, 2].map((axis) => points.reduce((sum, point, nth) => sum + point[axis]! * values[nth]!, 0)) as unknown as Vector;
  const volume = dot(columns[0], cross(columns[1], columns[2]));
  const replaced = [0, 1, 2].map((axis) => {
    const [a, b, c] = columns.map((column, nth) => (nth === axis ? target : column)) as [Vector, Vector, Vector];
    return dot(a, cross(b, c)) / volume;
  });
  return replaced as unknown as Vector;
}

function cross([a, b, c]: Vector, [x, y, z]: Vector): Vector {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}

function dot([a, b, c]: Vector, [x, y, z]: Vector): number {
  return a * x + b * y + c * z;
}

function unit(vector: Vector): Vector | undefined {
  const length = Math.sqrt(dot(vector, vector));
  return length > 1e-9 ? [vector[0] / length, vector[1] / length, vector[2] / length] : undefined;
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
