import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import jpeg from 'jpeg-js';

/** For tests: a part of a sample picture, in pixels. */
export interface Crop {
  readonly sample: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Somebody in front of a camera. */
export const FACE: Crop = { sample: 2, x: 1221, y: 66, width: 640, height: 480 };
/** The same room without anybody's face. */
export const NO_FACE: Crop = { sample: 2, x: 0, y: 880, width: 640, height: 480 };

/** One of the six photographs of groups that come with face-api, 1 to 6. */
export function samplePicture(sample: number): Promise<Buffer> {
  const faceApi = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
  return readFile(join(faceApi, 'demo', `sample${sample}.jpg`));
}

const decoded = new Map<number, ReturnType<typeof decodedSample>>();

async function decodedSample(sample: number) {
  return jpeg.decode(await samplePicture(sample), { useTArray: true, maxMemoryUsageInMB: 160 });
}

/** A JPEG of a part of a sample, at its own size or scaled to a width by taking the nearest pixel. */
export async function croppedPicture(crop: Crop, scaledWidth = crop.width): Promise<Buffer> {
  const found = decoded.get(crop.sample) ?? decodedSample(crop.sample);
  decoded.set(crop.sample, found);
  const source = await found;
  const scale = crop.width / scaledWidth;
  const [width, height] = [scaledWidth, Math.round(crop.height / scale)];
  return encode(width, height, (x, y, channel) => {
    const from = ((crop.y + Math.floor(y * scale)) * source.width + crop.x + Math.floor(x * scale)) * 4;
    return source.data[from + channel] ?? 0;
  });
}

/** A JPEG with the colours that `valueAt` gives, 0..255. */
export function encode(width: number, height: number, valueAt: (x: number, y: number, channel: number) => number): Buffer {
  const data = new Uint8Array(width * height * 4);
  for (let index = 0; index < data.length; index += 1) {
    const pixel = Math.floor(index / 4);
    data[index] = index % 4 === 3 ? 255 : valueAt(pixel % width, Math.floor(pixel / width), index % 4);
  }
  return jpeg.encode({ width, height, data }, 85).data;
}
