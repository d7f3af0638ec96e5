import { roundRatio } from '@parley/money';
import type { PolicyTerms, PriceTerms } from './policy-terms.ts';

/** Of a policy that says nothing else. */
export const plainPrices: PriceTerms = {
  tiers: [],
  connectionFeeMicros: 0n,
  minimumChargeMicros: 0n,
  maximumChargeMicros: 0n,
  facePermille: 1000,
  voicePermille: 1000,
  textPermille: 1000,
  weekBands: [],
  timeZone: '',
  resumeAfterMs: 0n,
  payer: 'caller',
};

export function pricesOf({ prices = plainPrices }: PolicyTerms): PriceTerms {
  return prices;
}

/** Charged time of a call, and its exact price so far. */
export interface Meter {
  readonly paidMs: bigint;
  /** Exact: micro-units x milliseconds x millionths, without fee, minimum and maximum. */
  readonly exact: bigint;
}

export const zeroMeter: Meter = { paidMs: 0n, exact: 0n };

/** What a millisecond counts for is told in millionths: thousandths of its channel by thousandths of its hour. */
export const fullWeight = 1_000_000n;

/** After `ms` more charged milliseconds of a weight in millionths, each at the rate of its tier. */
export function advance(terms: PolicyTerms, { paidMs, exact }: Meter, ms: bigint, weight: bigint): Meter {
  const untilMs = paidMs + ms;
  let { rateMicros } = terms;
  let atMs = paidMs;
  let sum = 0n;
  for (const tier of pricesOf(terms).tiers) {
    if (tier.fromMs >= untilMs) break;
    if (tier.fromMs > atMs) {
      sum += rateMicros * (tier.fromMs - atMs);
      atMs = tier.fromMs;
    }
    rateMicros = tier.rateMicros;
  }
  sum += rateMicros * (untilMs - atMs);
  return { paidMs: untilMs, exact: exact + sum * weight };
}

/**
 * The price so far in micro-units: rounded once, from the exact cumulative value, so that neither batches nor cells nor lines
 * can add a rounding of their own.
 */
export function priceMicros(terms: PolicyTerms, { paidMs, exact }: Meter, rounding = terms.rounding): bigint {
  if (paidMs === 0n) return 0n;
  const { connectionFeeMicros, minimumChargeMicros, maximumChargeMicros } = pricesOf(terms);
  const denominator = terms.unitMs * fullWeight;
  const rounded = roundRatio(connectionFeeMicros * denominator + exact, denominator, rounding, terms.roundingIncrementMicros);
  const raised = rounded < minimumChargeMicros ? minimumChargeMicros : rounded;
  return isCapped(terms, raised) ? maximumChargeMicros : raised;
}

/** Whether this is all that a call can cost. */
export function isCapped(terms: PolicyTerms, micros: bigint): boolean {
  const { maximumChargeMicros } = pricesOf(terms);
  return maximumChargeMicros > 0n && micros >= maximumChargeMicros;
}

/** How many of `ms` more milliseconds of a weight are charged until the call costs the maximum: all of them, if it does not. */
export function paidUntilCapped(terms: PolicyTerms, meter: Meter, ms: bigint, weight: bigint): bigint {
  const isCappedAfter = (paid: bigint): boolean => isCapped(terms, priceMicros(terms, advance(terms, meter, paid, weight)));
  if (pricesOf(terms).maximumChargeMicros === 0n || !isCappedAfter(ms)) return ms;
  // The price never falls: the first millisecond after which it is the maximum.
  let [least, most] = [0n, ms];
  while (least < most) {
    const middle = (least + most) / 2n;
    if (isCappedAfter(middle)) most = middle;
    else least = middle + 1n;
  }
  return most;
}
