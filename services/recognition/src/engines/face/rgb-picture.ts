import jpegJs from 'jpeg-js';
import jpegTurbo from '@julusian/jpeg-turbo';

/** Three bytes a pixel: red, green, blue, row by row. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** For pictures of up to 1920x1920; jpeg-js counts its own tables, too. */
const slowLimits = { maxResolutionInMP: 4, maxMemoryUsageInMB: 160 };

/** Decodes one picture after the other into the same memory. */
export class PictureDecoder {
  #memory = Buffer.alloc(0);
  #used = 0;

  /**
   * @param size of the picture, as its header has it
   * @returns the picture, good until the next call or `forget`; or why it cannot be had
   */
  decode(file: Uint8Array, { width, height }: Pick<RgbPicture, 'width' | 'height'>): RgbPicture | string {
    this.#used = width * height * 3;
    if (this.#memory.length < this.#used) this.#memory = Buffer.alloc(this.#used);
    try {
      const { width: given, height: tall } = jpegTurbo.decompressSync(Buffer.from(file.buffer, file.byteOffset, file.byteLength), this.#memory, { format: jpegTurbo.FORMAT_RGB });
      return { width: given, height: tall, data: this.#memory.subarray(0, given * tall * 3) };
    } catch {
      // It refuses whatever it would warn of.
      return decodedSlowly(file);
    }
  }

  /** Nothing of a picture outlives its analysis. */
  forget(): void {
    this.#memory.fill(0, 0, this.#used);
  }
}

function decodedSlowly(file: Uint8Array): RgbPicture | string {
  try {
    return jpegJs.decode(file, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...slowLimits });
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
