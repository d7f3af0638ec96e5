import { darken, triangulate, warped, type Triangle } from './mesh.ts';
import { frameHeight, frameWidth, type Picture, type Point } from './picture.ts';

/** How a person differs from the photograph. All zero: as in the photograph. */
export interface Look {
  /** To the left of the picture, in degrees. */
  readonly yaw: number;
  /** Up, in degrees. */
  readonly pitch: number;
  /** Clockwise, in degrees. */
  readonly roll: number;
  /** By pixels. */
  readonly right: number;
  readonly down: number;
  /** Share by which the head is nearer. */
  readonly nearer: number;
  /** How far the eyes are closed, 0..1. */
  readonly closed: number;
  /** How far the mouth is open more than in the photograph, 0..1. */
  readonly open: number;
  /** How much wider the mouth is, by its width; negative is narrower. */
  readonly wider: number;
  /** How far the brows are up, 0..1. */
  readonly raised: number;
}

/**
 * How far the 68 points (iBUG 300-W) lie in front of the eyes, in hundredths of the distance between the outer corners of the
 * eyes: rounded from common generic face models. Everybody's is a little different; that the head turns is seen all the same.
 */
const depths = [
  -53, -51, -50, -48, -43, -34, -20, -4, 1, -6, -21, -34, -42, -45, -47, -49, -52, -16, -8, 0, 7, 13, 13, 8, 1, -6, -13, 15, 24, 33, 41, 22, 26, 29, 26, 23, -8, -3,
  -1, 0, 0, -2, 1, 0, -2, -5, 0, 1, 2, 18, 25, 26, 25, 17, 4, 17, 25, 26, 25, 17, 5, 23, 25, 23, 6, 23, 24, 23,
].map((hundredths) => hundredths / 100);
/** Hair and neck around the face lie behind it. */
const ringDepth = -0.6;
const ringPoints = 20;
const upperLids = [[37, 41], [38, 40], [43, 47], [44, 46]] as const;
/** How far each point of lower lip and chin goes down with the mouth, as a share of the lip's middle. */
const jaw = new Map([[66, 1], [65, 0.85], [67, 0.85], [57, 1], [56, 0.85], [58, 0.85], [55, 0.45], [59, 0.45], [8, 1], [7, 0.95], [9, 0.95], [6, 0.75], [10, 0.75], [5, 0.5], [11, 0.5]]);
const innerMouth = [60, 68] as const;
/** The mouth's middle opens by this share of the distance between the eyes' outer corners. */
const fullyOpen = 0.22;

/** A head in a frame that can be turned and can move its face: its 68 points carry the picture with them. */
export class Head {
  readonly #frame: Picture;
  readonly #vertices: readonly Point[];
  readonly #depths: readonly number[];
  readonly #triangles: readonly Triangle[];
  readonly #middle: Point;
  readonly #unit: number;
  readonly #rightward: Point;

  /** @param landmarks the 68 points of the face, in pixels of the frame */
  constructor(frame: Picture, landmarks: readonly Point[]) {
    this.#frame = frame;
    const [leftEye, rightEye] = [landmarks[36]!, landmarks[45]!];
    this.#unit = Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
    this.#rightward = { x: (rightEye.x - leftEye.x) / this.#unit, y: (rightEye.y - leftEye.y) / this.#unit };
    this.#middle = { x: (landmarks[0]!.x + landmarks[16]!.x) / 2, y: (landmarks[0]!.y + landmarks[16]!.y) / 2 };
    const ring = Array.from({ length: ringPoints }, (_, nth) => around(this.#middle, 2 * this.#unit, (2 * Math.PI * nth) / ringPoints)).filter(isInside);
    this.#vertices = [...landmarks, ...ring, ...border()];
    this.#depths = [...depths, ...ring.map(() => ringDepth)];
    const nearness = (triangle: Triangle) => triangle.reduce((sum, vertex) => sum + (this.#depths[vertex] ?? -3), 0);
    this.#triangles = triangulate(this.#vertices).toSorted((one, other) => nearness(one) - nearness(other));
  }

  draw(look: Look): Picture {
    const moved = this.#vertices.map((vertex, nth) => (nth < this.#depths.length ? this.#turned(this.#expressed(vertex, nth, look), this.#depths[nth]!, look) : vertex));
    const picture = warped(this.#frame, this.#vertices, moved, this.#triangles);
    // What is behind lips that part is dark, and no stretched lip.
    darken(picture, moved.slice(...innerMouth), 1 - 0.6 * Math.min(1, 2 * look.open));
    return picture;
  }

  #expressed(vertex: Point, nth: number, { closed, open, wider, raised }: Look): Point {
    const { x: across, y: along } = this.#rightward;
    const shifted = (right: number, down: number): Point => ({ x: vertex.x + (right * across - down * along) * this.#unit, y: vertex.y + (right * along + down * across) * this.#unit });
    const lid = upperLids.find(([upper]) => upper === nth);
    if (lid !== undefined) {
      const lower = this.#vertices[lid[1]]!;
      return { x: vertex.x + (lower.x - vertex.x) * closed * 0.92, y: vertex.y + (lower.y - vertex.y) * closed * 0.92 };
    }
    if (nth >= 17 && nth < 27) return shifted(0, -0.12 * raised);
    if ([48, 60].includes(nth)) return shifted(-0.28 * wider, 0.08 * open);
    if ([54, 64].includes(nth)) return shifted(0.28 * wider, 0.08 * open);
    return shifted(0, fullyOpen * open * (jaw.get(nth) ?? 0));
  }

  /** Turned about the middle of the head, seen from afar. */
  #turned({ x, y }: Point, depth: number, { yaw, pitch, roll, right, down, nearer }: Look): Point {
    const [turn, nod, tilt] = [yaw, pitch, roll].map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
    const [fromX, fromY, fromZ] = [x - this.#middle.x, y - this.#middle.y, (depth - ringDepth) * this.#unit];
    const turnedX = fromX * Math.cos(turn) - fromZ * Math.sin(turn);
    const turnedZ = fromX * Math.sin(turn) + fromZ * Math.cos(turn);
    const nodded = fromY * Math.cos(nod) - turnedZ * Math.sin(nod);
    const scale = 1 + nearer;
    return {
      x: this.#middle.x + right + scale * (turnedX * Math.cos(tilt) - nodded * Math.sin(tilt)),
      y: this.#middle.y + down + scale * (turnedX * Math.sin(tilt) + nodded * Math.cos(tilt)),
    };
  }
}

function around(middle: Point, radius: number, angle: number): Point {
  return { x: middle.x + radius * Math.cos(angle), y: middle.y + radius * 1.15 * Math.sin(angle) };
}

function isInside({ x, y }: Point): boolean {
  return x > 4 && x < frameWidth - 5 && y > 4 && y < frameHeight - 5;
}

/** Where the frame ends nothing moves. */
function border(): Point[] {
  const steps = [0, 1, 2, 3].map((step) => step / 4);
  const [right, bottom] = [frameWidth - 1, frameHeight - 1];
  return steps.flatMap((share) => [
    { x: share * right, y: 0 },
    { x: right, y: share * bottom },
    { x: right - share * right, y: bottom },
    { x: 0, y: bottom - share * bottom },
  ]);
}
