import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { add, compare, currencies, currencyExponent, format, isCurrency, minorUnitMicros, money, parse, subtract, toJson, zero } from './index.ts';

const currency = fc.constantFrom(...currencies, 'coin:gem', 'coin:1');
const micros = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
const code = (code: string) => expect.objectContaining({ code });

describe('currencies', () => {
  test.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['CLF', 4],
    ['USD', 2],
    ['KRW', 0],
    ['coin:gem', 0],
  ])('%s has %s digits', (currency, exponent) => {
    expect(currencyExponent(currency)).toBe(exponent);
  });

  test.each(['XXX', 'XAU', 'XTS', 'eur', 'EURO', '', 'constructor', '__proto__', 'coin:', 'coin:Gem', 'coin:a-b', 'coin:abcdefghijklmnopq', 'acoin:gem', 'coin:gem\n'])('%j is none', (text) => {
    expect(isCurrency(text)).toBe(false);
    expect(() => currencyExponent(text)).toThrow(code('money.unknown_currency'));
  });

  test('every minor unit is a whole number of micro-units', () => {
    expect(currencies.length).toBeGreaterThan(150);
    for (const currency of currencies) {
      expect(minorUnitMicros(currency) * 10n ** BigInt(currencyExponent(currency))).toBe(1_000_000n);
    }
  });

  // An independent list: V8 carries CLDR's. It differs from ISO's in digits, and leaves out ISO's funds codes and VED.
  test('each is a currency for Intl, too', () => {
    const known = new Set(Intl.supportedValuesOf('currency'));
    const funds = ['BOV', 'CHE', 'CHW', 'CLF', 'COU', 'MXV', 'USN', 'UYI', 'UYW', 'VED'];
    expect(currencies.filter((currency) => !known.has(currency))).toEqual(funds);
  });
});

describe('money', () => {
  test('add and subtract are exact and undo each other', () => {
    fc.assert(
      fc.property(currency, micros, micros, (currency, a, b) => {
        const sum = add(money(currency, a), money(currency, b));
        expect(sum.micros).toBe(a + b);
        expect(subtract(sum, money(currency, b))).toEqual(money(currency, a));
      }),
    );
  });

  test('compare orders like the numbers', () => {
    expect(compare(money('EUR', 1n), money('EUR', 2n))).toBe(-1);
    expect(compare(money('EUR', 2n), money('EUR', 2n))).toBe(0);
    expect(compare(money('EUR', 3n), money('EUR', 2n))).toBe(1);
  });

  test('two currencies are never put together', () => {
    for (const operation of [add, subtract, compare]) {
      expect(() => operation(zero('EUR'), zero('USD'))).toThrow(code('money.currency_mismatch'));
    }
  });

  test('what does not fit into int64 is refused', () => {
    const largest = money('EUR', 2n ** 63n - 1n);
    expect(() => add(largest, money('EUR', 1n))).toThrow(code('money.invalid_amount'));
    expect(() => subtract(money('EUR', -(2n ** 63n)), money('EUR', 1n))).toThrow(code('money.invalid_amount'));
    expect(() => money('EURO', 1n)).toThrow(code('money.unknown_currency'));
  });

  test('JSON holds text', () => {
    expect(JSON.stringify(toJson(money('EUR', 2n ** 60n)))).toBe('{"currency":"EUR","micros":"1152921504606846976"}');
  });
});

describe('format and parse', () => {
  test.each([
    [money('EUR', 12_340_000n), '12.34 EUR'],
    [money('EUR', 12_345_678n), '12.345678 EUR'],
    [money('EUR', 12_300_000n), '12.30 EUR'],
    [money('EUR', -5_000n), '-0.005 EUR'],
    [money('JPY', 12_000_000n), '12 JPY'],
    [money('JPY', 12_500_000n), '12.5 JPY'],
    [money('KWD', 1n), '0.000001 KWD'],
    [zero('EUR'), '0.00 EUR'],
  ])('%o is %s', (amount, text) => {
    expect(format(amount)).toBe(text);
    expect(parse(text)).toEqual(amount);
  });

  test('parse reads back what format writes', () => {
    fc.assert(fc.property(currency, micros, (currency, micros) => expect(parse(format(money(currency, micros)))).toEqual(money(currency, micros))));
  });

  test.each(['', '12', '12.34', 'EUR 12', '12.1234567 EUR', '1e3 EUR', '+1 EUR', '12. EUR', '.5 EUR', '1,5 EUR', ' 1 EUR', '99999999999999 EUR'])(
    '%j is no amount',
    (text) => {
      expect(() => parse(text)).toThrow(code('money.invalid_amount'));
    },
  );
});
