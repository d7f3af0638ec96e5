import jpegJs from 'jpeg-js';
import jpegTurbo from '@julusian/jpeg-turbo';

/** Three bytes a pixel: red, green, blue, row by row. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Of the largest picture that is taken. */
const largestBytes = 1920 * 1920 * 3;
/** The same for jpeg-js, which counts its own tables, too. */
const slowLimits = { maxResolutionInMP: 4, maxMemoryUsageInMB: 160 };

/** Decodes one picture after the other into the same memory. */
export class PictureDecoder {
  readonly #memory = Buffer.alloc(largestBytes);
  /** What holds pixels at the moment. */
  #used: Uint8Array = this.#memory;

  /** @returns the picture, good until the next call or `forget`; or why it cannot be had */
  decode(file: Uint8Array): RgbPicture | string {
    try {
      const { width, height } = jpegTurbo.decompressSync(Buffer.from(file.buffer, file.byteOffset, file.byteLength), this.#memory, { format: jpegTurbo.FORMAT_RGB });
      this.#used = this.#memory.subarray(0, width * height * 3);
      return { width, height, data: this.#used };
    } catch {
      // It refuses whatever it would warn of, and may have begun with it.
      this.#memory.fill(0);
      const picture = decodedSlowly(file);
      if (typeof picture !== 'string') this.#used = picture.data;
      return picture;
    }
  }

  /** Nothing of a picture outlives its analysis. */
  forget(): void {
    this.#used.fill(0);
  }
}

function decodedSlowly(file: Uint8Array): RgbPicture | string {
  try {
    return jpegJs.decode(file, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...slowLimits });
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
