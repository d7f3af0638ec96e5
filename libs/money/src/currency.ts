import { parleyError } from '@parley/errors';
import { data, publishDate } from 'currency-codes';

/**
 * ISO 4217 list one, as the package `currency-codes` carries it, without the codes that have no minor unit: metals, bond
 * market units, the SDR, the test code and "no currency".
 */
const withoutMinorUnit = new Set(['XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XPD', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX']);

const exponents: ReadonlyMap<string, number> = new Map(
  data.filter(({ code }) => !withoutMinorUnit.has(code)).map(({ code, digits }) => [code, digits]),
);

/** When ISO published the list that is used. */
export const currencyListDate: string = publishDate;

/** Every currency of ISO 4217 that money may be in. */
export const currencies: readonly string[] = [...exponents.keys()];

/** An account's own unit of charge, e.g. `coin:gem`: it has no smaller unit that is shown. */
export const coinCode = 'coin:[a-z0-9]{1,16}';
const coin = new RegExp(`^${coinCode}$`);

/** An ISO 4217 code, or an own coin. */
export function isCurrency(code: string): boolean {
  return exponents.has(code) || coin.test(code);
}

/**
 * Digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD, 0 for a coin.
 * @throws ParleyError money.unknown_currency
 */
export function currencyExponent(code: string): number {
  const exponent = coin.test(code) ? 0 : exponents.get(code);
  if (exponent === undefined) {
    throw parleyError('money.unknown_currency', `${JSON.stringify(code.slice(0, 10))} is neither the code of a currency of ISO 4217 nor a coin, as coin:gem is`);
  }
  return exponent;
}

/** Micro-units of one minor unit (10 000 for EUR's cent): the rounding increment of whole cents. */
export function minorUnitMicros(code: string): bigint {
  return 10n ** BigInt(6 - currencyExponent(code));
}
