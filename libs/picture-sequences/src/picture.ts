import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import jpegTurbo from '@julusian/jpeg-turbo';
import { hashed } from './random.ts';

/** Red, green and blue, a byte each, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** In pixels of a picture. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a camera does to the light. */
export interface Exposure {
  /** 1 is as it was. */
  readonly gain: number;
  /** Standard deviation of a pixel's noise, in steps of 255. */
  readonly noise: number;
  /** Of the noise. */
  readonly seed: number;
}

export const frameWidth = 640;
export const frameHeight = 480;

const photographs = new Map<number, Picture>();

/** One of the six photographs that come with face-api, 1 to 6. */
export function photograph(sample: number): Picture {
  const known = photographs.get(sample);
  if (known !== undefined) return known;
  const file = readFileSync(fileURLToPath(import.meta.resolve(`@vladmandic/face-api/demo/sample${sample}.jpg`)));
  const picture = jpegTurbo.decompressSync(file, { format: jpegTurbo.FORMAT_RGB });
  photographs.set(sample, picture);
  return picture;
}

/** A part of a picture as a frame. */
export function framed(from: Picture, part: Rectangle): Picture {
  return mapped(from, ({ x, y }) => ({ x: part.x + (x * part.width) / frameWidth, y: part.y + (y * part.height) / frameHeight }));
}

/** A frame of which each pixel is what lies elsewhere in a picture: between the neighbours, and at the edge beyond it. */
export function mapped(from: Picture, source: (at: Point) => Point): Picture {
  const data = new Uint8Array(frameWidth * frameHeight * 3);
  for (let y = 0, at = 0; y < frameHeight; y += 1) {
    for (let x = 0; x < frameWidth; x += 1, at += 3) {
      const point = source({ x, y });
      copySample(from, point.x, point.y, data, at);
    }
  }
  return { width: frameWidth, height: frameHeight, data };
}

/** Without `Math`, here and in what else runs for each pixel: where tests run, a global takes longer than all the rest. */
export function copySample({ data, width, height }: Picture, x: number, y: number, target: Uint8Array, at: number): void {
  const inX = x < 0 ? 0 : x > width - 1.001 ? width - 1.001 : x;
  const inY = y < 0 ? 0 : y > height - 1.001 ? height - 1.001 : y;
  const left = inX | 0;
  const top = inY | 0;
  const right = inX - left;
  const down = inY - top;
  const from = (top * width + left) * 3;
  const below = from + width * 3;
  for (let colour = 0; colour < 3; colour += 1) {
    const upper = data[from + colour]! * (1 - right) + data[from + 3 + colour]! * right;
    const lower = data[below + colour]! * (1 - right) + data[below + 3 + colour]! * right;
    target[at + colour] = upper * (1 - down) + lower * down + 0.5;
  }
}

/** Noise of about a normal distribution, made once: it is cut out at another place for each picture. */
const grain = Float32Array.from({ length: 1 << 16 }, (_, at) => hashed(7, at) + hashed(8, at) + hashed(9, at) - 1.5).map((value) => value * 2);

export function exposed({ width, height, data }: Picture, { gain, noise, seed }: Exposure): Picture {
  const start = Math.floor(hashed(seed) * grain.length);
  const result = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at]! * gain + grain[(start + at * 7 + (at >> 13)) & 0xffff]! * noise + 0.5;
    result[at] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
  return { width, height, data: result };
}

/** @param quality 1 to 100 */
export function encoded({ width, height, data }: Picture, quality: number): Buffer {
  return jpegTurbo.compressSync(Buffer.from(data.buffer, data.byteOffset, data.byteLength), { width, height, format: jpegTurbo.FORMAT_RGB, quality });
}
