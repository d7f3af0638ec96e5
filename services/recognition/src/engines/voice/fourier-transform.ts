/** Discrete Fourier transform of one size (Cooley and Tukey, radix 2). */
export class FourierTransform {
  readonly #size: number;
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;
  /** Of each place, the one with the same bits in reverse. */
  readonly #reversed: Uint16Array;

  /** @param size a power of two, at most 2^16 */
  constructor(size: number) {
    this.#size = size;
    this.#cosine = Float64Array.from({ length: size / 2 }, (_, at) => Math.cos((2 * Math.PI * at) / size));
    this.#sine = Float64Array.from({ length: size / 2 }, (_, at) => Math.sin((2 * Math.PI * at) / size));
    this.#reversed = new Uint16Array(size);
    for (let at = 1; at < size; at += 1) this.#reversed[at] = (this.#reversed[at >> 1]! >> 1) | (at % 2 === 1 ? size >> 1 : 0);
  }

  /** In place. */
  transform(real: Float64Array, imaginary: Float64Array): void {
    this.#reverse(real);
    this.#reverse(imaginary);
    for (let half = 1; half < this.#size; half *= 2) {
      const stride = this.#size / (2 * half);
      for (let nth = 0; nth < half; nth += 1) {
        const cosine = this.#cosine[nth * stride]!;
        const sine = this.#sine[nth * stride]!;
        for (let one = nth; one < this.#size; one += 2 * half) {
          const other = one + half;
          const re = real[other]! * cosine + imaginary[other]! * sine;
          const im = imaginary[other]! * cosine - real[other]! * sine;
          real[other] = real[one]! - re;
          imaginary[other] = imaginary[one]! - im;
          real[one] = real[one]! + re;
          imaginary[one] = imaginary[one]! + im;
        }
      }
    }
  }

  #reverse(values: Float64Array): void {
    for (let at = 0; at < this.#size; at += 1) {
      const to = this.#reversed[at]!;
      if (to <= at) continue;
      const value = values[at]!;
      values[at] = values[to]!;
      values[to] = value;
    }
  }
}
