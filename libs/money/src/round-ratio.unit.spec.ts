import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { roundRatio, roundingModes, type RoundingMode } from './index.ts';

const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
const denominator = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }).filter((value) => value !== 0n);
const increment = fc.bigInt({ min: 1n, max: 10n ** 8n });
const mode = fc.constantFrom(...roundingModes);

/**
 * Oracle, by search instead of by formula: of the two multiples next to the exact ratio (found by bisection, compared by
 * cross-multiplication) the one that the mode's definition names.
 */
function oracle(numerator: bigint, denominator: bigint, mode: RoundingMode, increment: bigint): bigint {
  const [n, d] = denominator < 0n ? [-numerator, -denominator] : [numerator, denominator];
  const compareTo = (multiple: bigint): number => Number(multiple * increment * d > n) - Number(multiple * increment * d < n);
  let low = -1n;
  let high = 1n;
  while (compareTo(low) > 0) low *= 2n;
  while (compareTo(high) <= 0) high *= 2n;
  while (high - low > 1n) {
    const middle = low + (high - low) / 2n;
    if (compareTo(middle) <= 0) low = middle;
    else high = middle;
  }
  if (compareTo(low) === 0) return low * increment;
  const towardsZero = n > 0n ? low : high;
  const away = n > 0n ? high : low;
  const distance = (multiple: bigint): bigint => {
    const difference = multiple * increment * d - n;
    return difference < 0n ? -difference : difference;
  };
  const nearest = distance(low) === distance(high) ? undefined : distance(low) < distance(high) ? low : high;
  const even = low % 2n === 0n ? low : high;
  const chosen = { down: towardsZero, up: away, 'half-up': nearest ?? away, 'half-even': nearest ?? even }[mode];
  return chosen * increment;
}

describe('roundRatio', () => {
  test('equals the oracle for every ratio, mode and increment', () => {
    fc.assert(
      fc.property(amount, denominator, mode, increment, (n, d, mode, step) => {
        expect(roundRatio(n, d, mode, step)).toBe(oracle(n, d, mode, step));
      }),
      { numRuns: 2_000 },
    );
  });

  test('equals the oracle where ties are common', () => {
    const small = fc.bigInt({ min: -60n, max: 60n });
    fc.assert(
      fc.property(small, small.filter((value) => value !== 0n), mode, fc.bigInt({ min: 1n, max: 5n }), (n, d, mode, step) => {
        expect(roundRatio(n, d, mode, step)).toBe(oracle(n, d, mode, step));
      }),
      { numRuns: 5_000 },
    );
  });

  test('a multiple of the increment stays as it is, in every mode', () => {
    fc.assert(
      fc.property(amount, denominator, mode, increment, (multiple, d, mode, step) => {
        expect(roundRatio(multiple * step * d, d, mode, step)).toBe(multiple * step);
      }),
    );
  });

  test('is symmetric around zero', () => {
    fc.assert(
      fc.property(amount, denominator, mode, increment, (n, d, mode, step) => {
        expect(roundRatio(-n, d, mode, step)).toBe(-roundRatio(n, d, mode, step));
      }),
    );
  });

  test.each([
    [5n, 2n, 'half-even', 1n, 2n],
    [7n, 2n, 'half-even', 1n, 4n],
    [5n, 2n, 'half-up', 1n, 3n],
    [-5n, 2n, 'half-up', 1n, -3n],
    [-5n, 2n, 'half-even', 1n, -2n],
    [-5n, 2n, 'down', 1n, -2n],
    [-5n, 2n, 'up', 1n, -3n],
    [15_000n, 1n, 'half-even', 10_000n, 20_000n],
    [25_000n, 1n, 'half-even', 10_000n, 20_000n],
    [1n, 3n, 'up', 10_000n, 10_000n],
  ] as const)('%s / %s, %s to multiples of %s, is %s', (n, d, mode, step, expected) => {
    expect(roundRatio(n, d, mode, step)).toBe(expected);
  });

  test.each([
    [1n, 0n, 1n],
    [1n, 1n, 0n],
    [1n, 1n, -1n],
  ])('%s / %s to multiples of %s is refused', (n, d, step) => {
    expect(() => roundRatio(n, d, 'down', step)).toThrow(expect.objectContaining({ code: 'money.invalid_amount' }));
  });
});
