import { describe, expect, test } from '@jest/globals';
import { noise } from '../../test-support/sounds.ts';
import { LeastSquares } from './least-squares.ts';

const random = noise(3);
const numbers = (count: number): Float64Array => Float64Array.from({ length: 2 * count }, () => random());

/** The sum of products of complex numbers. */
function follows(weights: Float64Array, inputs: Float64Array): [re: number, im: number] {
  let [re, im] = [0, 0];
  for (let at = 0; at < weights.length; at += 2) {
    re += weights[at]! * inputs[at]! - weights[at + 1]! * inputs[at + 1]!;
    im += weights[at]! * inputs[at + 1]! + weights[at + 1]! * inputs[at]!;
  }
  return [re, im];
}

describe('least squares', () => {
  test('learn what follows from others, each by itself', () => {
    const squares = new LeastSquares(2, 6, 0.985);
    const weights = [numbers(6), numbers(6)] as const;
    for (let sample = 0; sample < 50; sample += 1) {
      const inputs = numbers(6);
      weights.forEach((one, nth) => squares.learn(nth, ...follows(one, inputs), inputs, 0));
    }
    const inputs = numbers(8);
    const [one, other] = weights.map((weight) => follows(weight, inputs.subarray(4)));
    expect(squares.rest(0, ...one!, inputs, 4)).toBeCloseTo(one![0] ** 2 + one![1] ** 2);
    squares.solve(0, 1e-9);
    squares.solve(1, 1e-9);
    expect(squares.rest(0, ...one!, inputs, 4)).toBeLessThan(1e-6);
    expect(squares.rest(1, ...other!, inputs, 4)).toBeLessThan(1e-6);
    expect(squares.rest(1, ...one!, inputs, 4)).toBeGreaterThan(1e-3);
    squares.clear();
    expect(squares.rest(0, ...one!, inputs, 4)).toBeCloseTo(one![0] ** 2 + one![1] ** 2);
  });

  test('forget what held before', () => {
    const squares = new LeastSquares(1, 2, 0.9);
    for (const weight of [Float64Array.of(1, 0, 0, 1), Float64Array.of(-1, 0.5, 2, 0)]) {
      for (let sample = 0; sample < 200; sample += 1) {
        const inputs = numbers(2);
        squares.learn(0, ...follows(weight, inputs), inputs, 0);
      }
      squares.solve(0, 1e-9);
      const inputs = numbers(2);
      expect(squares.rest(0, ...follows(weight, inputs), inputs, 0)).toBeLessThan(1e-6);
    }
  });

  test('of nothing, and of inputs that are all alike, give numbers', () => {
    const squares = new LeastSquares(1, 6, 0.985);
    squares.solve(0, 1e-3);
    expect(squares.rest(0, 3, 4, new Float64Array(12), 0)).toBe(25);
    for (let sample = 0; sample < 20; sample += 1) squares.learn(0, 2, 0, new Float64Array(12).fill(1), 0);
    squares.solve(0, 1e-3);
    expect(squares.rest(0, 2, 0, new Float64Array(12).fill(1), 0)).toBeLessThan(1e-3);
  });
});
