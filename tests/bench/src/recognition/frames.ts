import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import jpegTurbo from '@julusian/jpeg-turbo';

/** Frames as a camera would give them: parts of the six photographs that come with face-api, of one size. */
export interface Frame {
  readonly jpeg: Buffer;
  readonly width: number;
  readonly height: number;
  /** As both sides see it: the decoder is not what is compared. */
  readonly pixels: Buffer;
}

const samples = [1, 2, 3, 4, 5, 6];
/** How much of a photograph's smaller side a frame shows: the smaller, the larger the faces in it. */
const shares = [0.25, 0.4, 0.7, 1];
const places = [0.1, 0.5, 0.9];

export async function framesOf(width: number, height: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (const sample of samples) {
    const photograph = decode(await readFile(fileURLToPath(import.meta.resolve(`@vladmandic/face-api/demo/sample${sample}.jpg`))));
    for (const share of shares) {
      const scale = Math.min(photograph.width / width, photograph.height / height) * share;
      for (const place of places) {
        const [x, y] = [(photograph.width - width * scale) * place, (photograph.height - height * scale) * place];
        const jpeg = jpegTurbo.compressSync(scaled(photograph, { x, y, scale, width, height }), { width, height, format: jpegTurbo.FORMAT_RGB, quality: 85 });
        frames.push({ jpeg, width, height, pixels: decode(jpeg).data });
      }
    }
  }
  return frames;
}

export function decode(jpeg: Buffer): { readonly data: Buffer; readonly width: number; readonly height: number } {
  return jpegTurbo.decompressSync(jpeg, { format: jpegTurbo.FORMAT_RGB });
}

/** By the mean of the pixels that a new one covers, or the nearest where it covers none. */
function scaled(from: { readonly data: Buffer; readonly width: number }, { x, y, scale, width, height }: { x: number; y: number; scale: number; width: number; height: number }): Buffer {
  const result = Buffer.alloc(width * height * 3);
  const step = Math.max(1, Math.floor(scale));
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [left, top] = [Math.floor(x + column * scale), Math.floor(y + row * scale)];
      for (let colour = 0; colour < 3; colour += 1) {
        let sum = 0;
        for (let down = 0; down < step; down += 1) for (let right = 0; right < step; right += 1) sum += from.data[((top + down) * from.width + left + right) * 3 + colour]!;
        result[(row * width + column) * 3 + colour] = sum / (step * step);
      }
    }
  }
  return result;
}
