export { add, compare, format, money, parse, subtract, toJson, zero, type Money } from './money.ts';
export { currencies, currencyExponent, currencyListDate, isCurrency, minorUnitMicros } from './currency.ts';
export { roundRatio, roundingModes, type RoundingMode } from './round-ratio.ts';
