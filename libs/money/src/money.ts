import { parleyError } from '@parley/errors';
import { coinCode, currencyExponent } from './currency.ts';

/** An exact amount: micro-units (1e-6 of the currency's unit). */
export interface Money {
  readonly currency: string;
  readonly micros: bigint;
}

const largest = 2n ** 63n - 1n;
const microDigits = 6;
const written = new RegExp(`^(-?)(\\d{1,13})(?:\\.(\\d{1,6}))? ([A-Z]{3}|${coinCode})$`);

/**
 * @throws ParleyError money.unknown_currency, money.invalid_amount when it does not fit into int64
 */
export function money(currency: string, micros: bigint): Money {
  currencyExponent(currency);
  if (micros > largest || micros < -largest - 1n) {
    throw parleyError('money.invalid_amount', 'the amount does not fit into 64 bits of micro-units');
  }
  return { currency, micros };
}

export function zero(currency: string): Money {
  return money(currency, 0n);
}

/** @throws ParleyError money.currency_mismatch, money.invalid_amount */
export function add(a: Money, b: Money): Money {
  requireSame(a, b);
  return money(a.currency, a.micros + b.micros);
}

/** a - b. @throws ParleyError money.currency_mismatch, money.invalid_amount */
export function subtract(a: Money, b: Money): Money {
  requireSame(a, b);
  return money(a.currency, a.micros - b.micros);
}

/** -1, 0 or 1. @throws ParleyError money.currency_mismatch */
export function compare(a: Money, b: Money): -1 | 0 | 1 {
  requireSame(a, b);
  if (a.micros === b.micros) {
    return 0;
  }
  return a.micros < b.micros ? -1 : 1;
}

function requireSame(a: Money, b: Money): void {
  if (a.currency !== b.currency) {
    throw parleyError('money.currency_mismatch', `${a.currency} and ${b.currency} cannot be put together`);
  }
}

/** For JSON: 64-bit integers are text there. */
export function toJson({ currency, micros }: Money): { readonly currency: string; readonly micros: string } {
  return { currency, micros: micros.toString() };
}

/** `12.345678 EUR`: exact, with at least the digits of the minor unit and no zeros beyond them. */
export function format({ currency, micros }: Money): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(microDigits + 1, '0');
  const units = digits.slice(0, -microDigits);
  const exponent = currencyExponent(currency);
  const fraction = digits.slice(-microDigits);
  const shown = fraction.slice(0, exponent) + fraction.slice(exponent).replace(/0+$/, '');
  return `${micros < 0n ? '-' : ''}${units}${shown === '' ? '' : `.${shown}`} ${currency}`;
}

/**
 * Reads what format writes: a decimal with at most six digits after the point, a space, the code.
 * @throws ParleyError money.invalid_amount, money.unknown_currency
 */
export function parse(text: string): Money {
  const match = written.exec(text);
  if (match === null) {
    throw parleyError('money.invalid_amount', 'an amount looks like "12.34 EUR", with at most six digits after the point');
  }
  const [, sign, units = '', fraction = '', currency = ''] = match;
  const micros = BigInt(units + fraction.padEnd(microDigits, '0'));
  return money(currency, sign === '-' ? -micros : micros);
}
