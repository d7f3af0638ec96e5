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
