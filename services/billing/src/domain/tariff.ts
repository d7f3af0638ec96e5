import type { ChargeTerms } from './charge.ts';
import type { PolicyTerms } from './policy-terms.ts';
import { pricesOf } from './price.ts';
import { msOfWeek } from './week.ts';

/** The terms of a policy as they hold for one call. */
export interface Tariff extends PolicyTerms {
  /** Where media time 0 lies in the local week, in ms from Monday 00:00; not set: Monday 00:00. Matters where there are bands. */
  readonly weekOriginMs?: bigint | undefined;
}

/**
 * @param offsetMinutes what the local clock is ahead of UTC
 * @param mediaOriginMs Unix time of media time 0
 */
export function tariffAt(terms: PolicyTerms, offsetMinutes: number, mediaOriginMs: bigint): Tariff {
  return pricesOf(terms).weekBands.length === 0 ? terms : { ...terms, weekOriginMs: msOfWeek(mediaOriginMs, offsetMinutes) };
}

/** Of a charge: nothing is rated before media time has an origin, where that matters (`arrival`). */
export function tariffOf({ terms, observed }: { readonly terms: ChargeTerms; readonly observed: { readonly mediaOriginMs: bigint | undefined } }): Tariff {
  return tariffAt(terms.policy.terms, terms.utcOffsetMinutes ?? 0, observed.mediaOriginMs ?? 0n);
}
