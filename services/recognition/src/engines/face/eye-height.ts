import { applied, type Affine } from '../../domain/affine.ts';
import type { Point } from '../../domain/face-area.ts';
import type { RgbPicture } from './rgb-picture.ts';

/** Samples across an eye, and up and down. */
const columns = 12;
const rows = 16;
/** What is looked at, in widths of the eye: its middle half, as far up and down as an open eye reaches; below it is skin. */
const halfWidth = 0.25;
const halfHeight = 0.35;
const skin = { from: 0.5, to: 0.8 } as const;
const skinRows = 4;
/** What is darker than so much of the skin is iris, lashes and shadow. */
const darkShare = 0.85;

/**
 * How far the darkness of an eye reaches up and down: its standard deviation, by the width of the eye. Open eyes have 0.12 to
 * 0.2; it falls by a fifth or more when the lids close, which landmarks hardly show. Brightness makes no difference.
 * @param placement from a face as seen from the front to the picture
 * @param outer corners of the eye, as seen from the front
 */
export function eyeHeight(picture: RgbPicture, placement: Affine, outer: Point, inner: Point): number {
  const across = { x: inner.x - outer.x, y: inner.y - outer.y };
  const width = Math.abs(across.x);
  const middle = { x: (outer.x + inner.x) / 2, y: (outer.y + inner.y) / 2 };
  const lightAt = (right: number, down: number): number =>
    luminance(picture, applied(placement, { x: middle.x + right * across.x, y: middle.y + right * across.y + down * width }));
  const limit = darkShare * skinLight(lightAt);
  let [sum, first, second] = [0, 0, 0];
  for (let row = 0; row < rows; row += 1) {
    const down = halfHeight * ((2 * row + 1) / rows - 1);
    for (let column = 0; column < columns; column += 1) {
      const darkness = Math.max(0, limit - lightAt(halfWidth * ((2 * column + 1) / columns - 1), down));
      sum += darkness;
      first += darkness * down;
      second += darkness * down * down;
    }
  }
  return sum === 0 ? 0 : Math.sqrt(Math.max(0, second / sum - (first / sum) ** 2));
}

function skinLight(lightAt: (right: number, down: number) => number): number {
  let sum = 0;
  for (let row = 0; row < skinRows; row += 1) {
    const down = skin.from + ((skin.to - skin.from) * (row + 0.5)) / skinRows;
    for (let column = 0; column < columns; column += 1) sum += lightAt((column + 0.5) / columns - 0.5, down);
  }
  return sum / (skinRows * columns);
}

/** Of what lies between four pixels, or of the nearest at the edge (ITU-R BT.601). */
function luminance({ data, width, height }: RgbPicture, { x, y }: Point): number {
  const inX = Math.min(Math.max(x, 0), width - 1.001);
  const inY = Math.min(Math.max(y, 0), height - 1.001);
  const [left, top] = [Math.floor(inX), Math.floor(inY)];
  const [right, down] = [inX - left, inY - top];
  const at = (top * width + left) * 3;
  const light = (from: number) => 0.299 * data[from]! + 0.587 * data[from + 1]! + 0.114 * data[from + 2]!;
  const below = at + width * 3;
  return (light(at) * (1 - right) + light(at + 3) * right) * (1 - down) + (light(below) * (1 - right) + light(below + 3) * right) * down;
}
