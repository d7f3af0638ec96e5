import type { Observed, OpenCharge, SettledCharge } from './charge.ts';
import { ratedBy, type RatedBy } from './correction.ts';
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

/** Terms of a version as they hold for a call. */
export function tariffBy({ policy, utcOffsetMinutes = 0 }: RatedBy, { mediaOriginMs = 0n }: Pick<Observed, 'mediaOriginMs'>): Tariff {
  return tariffAt(policy.terms, utcOffsetMinutes, mediaOriginMs);
}

/** Of a charge, as it was authorised: nothing is rated before media time has an origin, where that matters (`arrival`). */
export function tariffOf({ terms, observed }: OpenCharge | SettledCharge): Tariff {
  return tariffBy(terms, observed);
}

/** By the version of the last re-rating, if there was one. */
export function ratedTariffOf({ terms, observed, corrections }: SettledCharge): Tariff {
  return tariffBy(ratedBy(terms, corrections), observed);
}
