// What a camera would give: JPEG frames of 640 pixels' width. The faces are the sample pictures of an npm package.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import jpeg from 'jpeg-js';

const width = 640;
const quality = 85;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly data: Uint8Array;
}

/** Somebody looks into the camera. @param sample 1 to 6 */
export function faceFrame(sample: number): Buffer {
  const file = fileURLToPath(import.meta.resolve(`@vladmandic/face-api/demo/sample${sample}.jpg`));
  return encode(shrink(jpeg.decode(readFileSync(file), { useTArray: true, maxResolutionInMP: 4 })));
}

/** Nobody is there: a wall with light falling on it. */
export function emptyRoomFrame(): Buffer {
  const height = 480;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = 90 + Math.round((100 * (width - x + y)) / (width + height));
      data.set([light, light - 8, light - 24, 255], (y * width + x) * 4);
    }
  }
  return encode({ width, height, data });
}

function encode({ width, height, data }: Picture): Buffer {
  return jpeg.encode({ width, height, data: Buffer.from(data) }, quality).data;
}

/** Means over blocks, so that nothing flickers. */
function shrink(picture: Picture): Picture {
  const scale = picture.width / width;
  const height = Math.round(picture.height / scale);
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      data.set(blockMean(picture, x * scale, y * scale, scale), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

function blockMean(picture: Picture, left: number, top: number, size: number): number[] {
  const sums = [0, 0, 0];
  let count = 0;
  const bottom = Math.min(picture.height, Math.max(top + size, top + 1));
  const right = Math.min(picture.width, Math.max(left + size, left + 1));
  for (let y = Math.floor(top); y < bottom; y += 1) {
    for (let x = Math.floor(left); x < right; x += 1) {
      const at = (y * picture.width + x) * 4;
      for (const channel of [0, 1, 2]) sums[channel]! += picture.data[at + channel]!;
      count += 1;
    }
  }
  return [...sums.map((sum) => Math.round(sum / count)), 255];
}
