/**
 * Complex least squares with exponential forgetting, several side by side: how in each a number follows from `order` others.
 * Complex numbers lie in arrays as real part, imaginary part.
 */
export class LeastSquares {
  readonly #order: number;
  readonly #kept: number;
  /** Lower halves of the normal equations' Hermitian matrices, and their right sides. */
  readonly #matrix: Float64Array;
  readonly #right: Float64Array;
  readonly #factor: Float64Array;
  readonly #weights: Float64Array;

  /** @param kept share of what is known that outlasts one more sample */
  constructor(count: number, order: number, kept: number) {
    this.#order = order;
    this.#kept = kept;
    this.#matrix = new Float64Array(count * order * order * 2);
    this.#right = new Float64Array(count * order * 2);
    this.#factor = new Float64Array(order * order * 2);
    this.#weights = new Float64Array(count * order * 2);
  }

  /** Forgets everything. */
  clear(): void {
    this.#matrix.fill(0);
    this.#right.fill(0);
    this.#weights.fill(0);
  }

  /** The power of what is left of (re, im) without what follows from the inputs, which begin at `from`. */
  rest(nth: number, re: number, im: number, inputs: Float64Array, from: number): number {
    const weights = this.#weights;
    const first = nth * this.#order * 2;
    let restRe = re;
    let restIm = im;
    for (let at = 0; at < this.#order * 2; at += 2) {
      const x = inputs[from + at]!;
      const y = inputs[from + at + 1]!;
      const u = weights[first + at]!;
      const v = weights[first + at + 1]!;
      restRe -= u * x - v * y;
      restIm -= u * y + v * x;
    }
    return restRe * restRe + restIm * restIm;
  }

  /** Adds a sample; it shows after the next `solve`. */
  learn(nth: number, re: number, im: number, inputs: Float64Array, from: number): void {
    const matrix = this.#matrix;
    const right = this.#right;
    const kept = this.#kept;
    const order = this.#order;
    for (let row = 0; row < order; row += 1) {
      const x = inputs[from + 2 * row]!;
      const y = inputs[from + 2 * row + 1]!;
      for (let column = 0; column <= row; column += 1) {
        const u = inputs[from + 2 * column]!;
        const v = inputs[from + 2 * column + 1]!;
        const at = ((nth * order + row) * order + column) * 2;
        matrix[at] = kept * matrix[at]! + x * u + y * v;
        matrix[at + 1] = kept * matrix[at + 1]! + x * v - y * u;
      }
      const at = (nth * order + row) * 2;
      right[at] = kept * right[at]! + x * re + y * im;
      right[at + 1] = kept * right[at + 1]! + x * im - y * re;
    }
  }

  /** By Cholesky's factors. @param regular is added to the diagonal, as a share of its mean: what inputs that are alike would leave open */
  solve(nth: number, regular: number): void {
    this.#factorize(nth, regular);
    const factor = this.#factor;
    const order = this.#order;
    const weights = this.#weights.subarray(nth * order * 2, (nth + 1) * order * 2);
    weights.set(this.#right.subarray(nth * order * 2, (nth + 1) * order * 2));
    for (let row = 0; row < order; row += 1) {
      for (let column = 0; column < row; column += 1) subtract(weights, row, factor[(row * order + column) * 2]!, factor[(row * order + column) * 2 + 1]!, column);
      divide(weights, row, factor[(row * order + row) * 2]!);
    }
    for (let row = order - 1; row >= 0; row -= 1) {
      for (let column = row + 1; column < order; column += 1) subtract(weights, row, factor[(column * order + row) * 2]!, -factor[(column * order + row) * 2 + 1]!, column);
      divide(weights, row, factor[(row * order + row) * 2]!);
    }
  }

  #factorize(nth: number, regular: number): void {
    const factor = this.#factor;
    const order = this.#order;
    const matrix = this.#matrix.subarray(nth * order * order * 2, (nth + 1) * order * order * 2);
    let trace = 0;
    for (let row = 0; row < order; row += 1) trace += matrix[(row * order + row) * 2]!;
    const added = (trace / order) * regular + Number.MIN_VALUE;
    for (let row = 0; row < order; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        const at = (row * order + column) * 2;
        let re = matrix[at]! + (row === column ? added : 0);
        let im = matrix[at + 1]!;
        for (let before = 0; before < column; before += 1) {
          const one = (row * order + before) * 2;
          const other = (column * order + before) * 2;
          re -= factor[one]! * factor[other]! + factor[one + 1]! * factor[other + 1]!;
          im -= factor[one + 1]! * factor[other]! - factor[one]! * factor[other + 1]!;
        }
        const diagonal = row === column ? Math.sqrt(Math.max(re, added)) : factor[(column * order + column) * 2]!;
        factor[at] = row === column ? diagonal : re / diagonal;
        factor[at + 1] = row === column ? 0 : im / diagonal;
      }
    }
  }
}

function subtract(values: Float64Array, row: number, re: number, im: number, column: number): void {
  const x = values[2 * column]!;
  const y = values[2 * column + 1]!;
  values[2 * row] = values[2 * row]! - (re * x - im * y);
  values[2 * row + 1] = values[2 * row + 1]! - (re * y + im * x);
}

function divide(values: Float64Array, row: number, by: number): void {
  values[2 * row] = values[2 * row]! / by;
  values[2 * row + 1] = values[2 * row + 1]! / by;
}
