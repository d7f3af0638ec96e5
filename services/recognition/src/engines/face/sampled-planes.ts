import { determinant, type Affine } from '../../domain/affine.ts';
import type { RgbPicture } from './rgb-picture.ts';

/** In pixels of a picture; may reach beyond it. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the samples of one axis lie: the two neighbours of each, as offsets, and their shares. */
interface Axis {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstShare: Float32Array;
  readonly secondShare: Float32Array;
}

/**
 * Scales a rectangle of a picture to red, green and blue planes, as TensorFlow's resizeBilinear does without aligned corners,
 * which the networks were trained on.
 * @param part of the rectangle that is seen, in pixels of the picture; black elsewhere
 * @param scale pixels of the picture for one of the planes'
 * @param planes three, of `width` x `height` each
 */
export function samplePlanes(
  { data, width: rowPixels }: RgbPicture,
  { x, y, width: wide, height: tall }: Rectangle,
  part: Rectangle,
  scale: number,
  { planes, width, height }: { readonly planes: Float32Array; readonly width: number; readonly height: number },
): void {
  const columns = axisOf(x, wide, part.x, part.width, scale, width, 3);
  const rows = axisOf(y, tall, part.y, part.height, scale, height, rowPixels * 3);
  const { first: lefts, second: rights, firstShare: leftShares, secondShare: rightShares } = columns;
  const plane = width * height;
  let at = 0;
  // Each value by itself: this is a tenth of a frame's time, and would be a third with arrays.
  for (let row = 0; row < height; row += 1) {
    const above = rows.first[row]!;
    const below = rows.second[row]!;
    const aboveShare = rows.firstShare[row]!;
    const belowShare = rows.secondShare[row]!;
    for (let column = 0; column < width; column += 1, at += 1) {
      const left = lefts[column]!;
      const right = rights[column]!;
      const leftShare = leftShares[column]!;
      const rightShare = rightShares[column]!;
      const p = above + left;
      const q = above + right;
      const r = below + left;
      const s = below + right;
      const a = aboveShare * leftShare;
      const b = aboveShare * rightShare;
      const c = belowShare * leftShare;
      const d = belowShare * rightShare;
      planes[at] = data[p]! * a + data[q]! * b + data[r]! * c + data[s]! * d;
      planes[at + plane] = data[p + 1]! * a + data[q + 1]! * b + data[r + 1]! * c + data[s + 1]! * d;
      planes[at + 2 * plane] = data[p + 2]! * a + data[q + 2]! * b + data[r + 2]! * c + data[s + 2]! * d;
    }
  }
}

function axisOf(start: number, length: number, seenFrom: number, seenLength: number, scale: number, samples: number, step: number): Axis {
  const axis: Axis = { first: new Int32Array(samples), second: new Int32Array(samples), firstShare: new Float32Array(samples), secondShare: new Float32Array(samples) };
  const isSeen = (pixel: number) => pixel >= seenFrom && pixel < seenFrom + seenLength;
  for (let sample = 0; sample < samples; sample += 1) {
    const position = sample * scale;
    const whole = Math.floor(position);
    const [one, other] = [start + Math.min(whole, length - 1), start + Math.min(whole + 1, length - 1)];
    if (isSeen(one)) [axis.first[sample], axis.firstShare[sample]] = [one * step, 1 - (position - whole)];
    if (isSeen(other)) [axis.second[sample], axis.secondShare[sample]] = [other * step, position - whole];
  }
  return axis;
}

/** Pixels of the picture for one of the planes' from which on the nearest pixels are taken: with so many, which ones matters little. */
const manyPixels = 1.5;

/**
 * Samples a parallelogram of a picture to red, green and blue planes, black outside of the picture. A pixel is the mean of four
 * samples, so that detail finer than it does not flicker.
 * @param placement from pixels of the planes to those of the picture
 */
export function sampleThrough(picture: RgbPicture, placement: Affine, target: { readonly planes: Float32Array; readonly width: number; readonly height: number }): void {
  const isFine = Math.sqrt(Math.abs(determinant(placement))) < manyPixels;
  if (isFine) sampleBetween(picture, placement, target);
  else sampleNearest(picture, placement, target);
}

/** Quarters of a pixel to each side. */
const quarters = [-0.25, 0.25] as const;

function sampleNearest({ data, width: rowPixels, height: rows }: RgbPicture, { xx, xy, x0, yx, yy, y0 }: Affine, { planes, width, height }: { readonly planes: Float32Array; readonly width: number; readonly height: number }): void {
  const plane = width * height;
  planes.fill(0);
  for (const down of quarters) {
    for (const right of quarters) {
      for (let row = 0, at = 0; row < height; row += 1) {
        // Half a pixel more, so that cutting the fraction off rounds.
        let x = xx * right + xy * (row + down) + x0 + 0.5;
        let y = yx * right + yy * (row + down) + y0 + 0.5;
        for (let column = 0; column < width; column += 1, at += 1, x += xx, y += yx) {
          if (x < 0 || y < 0 || x >= rowPixels || y >= rows) continue;
          const from = ((y | 0) * rowPixels + (x | 0)) * 3;
          planes[at]! += data[from]! / 4;
          planes[at + plane]! += data[from + 1]! / 4;
          planes[at + 2 * plane]! += data[from + 2]! / 4;
        }
      }
    }
  }
}

function sampleBetween({ data, width: rowPixels, height: rows }: RgbPicture, { xx, xy, x0, yx, yy, y0 }: Affine, { planes, width, height }: { readonly planes: Float32Array; readonly width: number; readonly height: number }): void {
  const plane = width * height;
  planes.fill(0);
  for (let row = 0, at = 0; row < height; row += 1) {
    let x = xy * row + x0;
    let y = yy * row + y0;
    for (let column = 0; column < width; column += 1, at += 1, x += xx, y += yx) {
      if (x < 0 || y < 0 || x >= rowPixels - 1 || y >= rows - 1) continue;
      const left = x | 0;
      const top = y | 0;
      const right = x - left;
      const down = y - top;
      const above = (top * rowPixels + left) * 3;
      const below = above + rowPixels * 3;
      for (let colour = 0; colour < 3; colour += 1) {
        const upper = data[above + colour]! * (1 - right) + data[above + 3 + colour]! * right;
        const lower = data[below + colour]! * (1 - right) + data[below + 3 + colour]! * right;
        planes[at + colour * plane] = upper * (1 - down) + lower * down;
      }
    }
  }
}
