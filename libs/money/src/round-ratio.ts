import { parleyError } from '@parley/errors';

/**
 * `half-even`: to the nearest, a tie to the even multiple. `half-up`: to the nearest, a tie away from zero. `down`: towards
 * zero. `up`: away from zero.
 */
export type RoundingMode = 'half-even' | 'half-up' | 'down' | 'up';

export const roundingModes: readonly RoundingMode[] = ['half-even', 'half-up', 'down', 'up'];

/**
 * numerator / denominator, exact, rounded to a multiple of `increment`.
 * @param denominator not 0 @param increment greater than 0
 * @throws ParleyError money.invalid_amount
 */
export function roundRatio(numerator: bigint, denominator: bigint, mode: RoundingMode, increment = 1n): bigint {
  if (denominator === 0n || increment <= 0n) {
    throw parleyError('money.invalid_amount', 'a ratio needs a denominator other than 0 and an increment above 0');
  }
  const negative = numerator < 0n !== denominator < 0n;
  const step = magnitude(denominator) * increment;
  const whole = magnitude(numerator) / step;
  const rest = magnitude(numerator) % step;
  const multiples = whole + (roundsAway(whole, rest, step, mode) ? 1n : 0n);
  return (negative ? -multiples : multiples) * increment;
}

function roundsAway(whole: bigint, rest: bigint, step: bigint, mode: RoundingMode): boolean {
  switch (mode) {
    case 'down':
      return false;
    case 'up':
      return rest > 0n;
    case 'half-up':
      return rest * 2n >= step;
    case 'half-even':
      return rest * 2n > step || (rest * 2n === step && whole % 2n === 1n);
  }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
