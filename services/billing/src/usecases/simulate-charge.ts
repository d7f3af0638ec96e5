import { invalidArgument } from '@parley/errors';
import { money } from '@parley/money';
import { dayMs, validateTerms, type PolicyVersion, type RequestedTerms } from '../domain/policy-terms.ts';
import { pricesOf } from '../domain/price.ts';
import { rate, type Rating } from '../domain/rating.ts';
import { tariffAt } from '../domain/tariff.ts';
import { extendTimeline, type Segment } from '../domain/timeline.ts';
import { utcOffsetMinutes } from '../domain/week.ts';
import type { PolicyStore } from './policy-store.ts';
import { requirePolicy } from './required-policy.ts';

export interface SimulateCommand {
  readonly accountId: string;
  /** Terms of no policy yet, or a version of a policy; version 0 is the latest. */
  readonly pricedBy: { readonly terms: RequestedTerms } | { readonly policyId: string; readonly version: number };
  readonly intervals: readonly Segment[];
  /** Media time from which on the balance does not cover it. */
  readonly limitMs: bigint | undefined;
  /** Unix time of media time 0. */
  readonly mediaOriginMs: bigint | undefined;
}

export interface Simulation {
  /** Without an id where it is of no policy yet. */
  readonly policy: PolicyVersion;
  readonly rating: Rating;
}

const mostIntervals = 10_000;

/**
 * What a call would cost, by the same rating that charges calls.
 * @throws ParleyError `policy.invalid_terms`, `policy.unknown_currency`, `not_found.policy`, `request.invalid_argument` with each
 *   interval that is none or lies over the one before, and without a media origin where the price depends on the hour,
 *   `money.invalid_amount` for a price that int64 does not hold
 */
export function createSimulateCharge(policies: PolicyStore): (command: SimulateCommand) => Promise<Simulation> {
  return async ({ accountId, pricedBy, intervals, limitMs, mediaOriginMs }) => {
    const policy = 'terms' in pricedBy ? { policyId: '', version: 0, terms: validateTerms(pricedBy.terms) } : await requirePolicy(policies, accountId, pricedBy.policyId, pricedBy.version);
    const { weekBands, timeZone } = pricesOf(policy.terms);
    const faults = faultsOf(intervals);
    if (weekBands.length > 0 && mediaOriginMs === undefined) faults.push({ field: 'media_origin_time', description: 'is missing: the price depends on the hour' });
    if (faults.length > 0) throw invalidArgument(faults);
    const tariff = mediaOriginMs === undefined ? policy.terms : tariffAt(policy.terms, utcOffsetMinutes(timeZone, mediaOriginMs), mediaOriginMs);
    const rating = rate(tariff, extendTimeline([], intervals), limitMs);
    money(policy.terms.currency, rating.totalMicros);
    return { policy, rating };
  };
}

function faultsOf(intervals: readonly Segment[]): { field: string; description: string }[] {
  if (intervals.length > mostIntervals) return [{ field: 'intervals', description: `are ${intervals.length}, may be ${mostIntervals}` }];
  return intervals.flatMap(({ fromMs, toMs }, index) => {
    const earliestMs = intervals[index - 1]?.toMs ?? 0n;
    const isInterval = fromMs >= earliestMs && toMs > fromMs && toMs <= dayMs;
    return isInterval ? [] : [{ field: `intervals[${index}]`, description: `[${fromMs}, ${toMs}) has to begin at ${earliestMs} or later, and to end after that, within a day` }];
  });
}
