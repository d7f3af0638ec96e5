import { parleyError } from '@parley/errors';
import { money } from '@parley/money';
import type { AdjustedFact, SettledCharge } from './charge.ts';
import { countedTimeline, limitMs, policyOf } from './charge-decision.ts';
import { costMicros, mostCorrections, type Correction, type CorrectionOrder, type RatedBy } from './correction.ts';
import type { PolicyVersion } from './policy-terms.ts';
import { pricesOf } from './price.ts';
import { rate, type Rating } from './rating.ts';
import { tariffBy } from './tariff.ts';
import { utcOffsetMinutes } from './week.ts';

/** What is asked for by hand, and when. */
export interface TimedOrder {
  readonly order: CorrectionOrder;
  /** Unix time in ms. */
  readonly atMs: bigint;
}

/** The correction that was made for a request or a dispute; undefined if none was. */
export function correctionFor(charge: SettledCharge, reason: Correction['reason'], id: string): Correction | undefined {
  return charge.corrections?.find((correction) => correction.reason === reason && correction.order?.id === id);
}

/**
 * Gives back a part of what the call still costs.
 * @param amountMicros positive
 * @throws ParleyError `charge.refund_exceeds_total`, `charge.too_many_corrections`
 */
export function giveBack(charge: SettledCharge, reason: 'refund' | 'dispute', amountMicros: bigint, { order, atMs }: TimedOrder): AdjustedFact {
  requireRoomForCorrection(charge);
  const costs = charge.published.chargedMicros;
  if (amountMicros > costs) throw parleyError('charge.refund_exceeds_total', `the call still costs ${costs} micro-units, not ${amountMicros}`);
  return adjustedFact(charge, { differenceMicros: -amountMicros, reason, atMs, order });
}

/** What comes of rating a settled call by another version. */
export interface ReRating {
  readonly fact: AdjustedFact;
  /** What counted, by the version's terms and up to where the balance reached: what was not granted stays uncharged. */
  readonly rating: Rating;
}

/**
 * The one difference between what the call costs by a version, less what was given back by hand, and what it costs now.
 * @throws ParleyError `charge.currency_mismatch`, `charge.payer_mismatch`, `charge.too_many_corrections`, `money.invalid_amount` for a price that is
 *   none
 */
export function reRate(charge: SettledCharge, policy: PolicyVersion, { order, atMs }: TimedOrder): ReRating {
  requireRoomForCorrection(charge);
  const { currency } = policy.terms;
  requireCurrencyOf(charge, currency);
  const { payer } = pricesOf(policy.terms);
  if (payer !== 'each' && payer !== charge.terms.payer) throw parleyError('charge.payer_mismatch', `the call was charged to its ${charge.terms.payer}, not to its ${payer}`);
  const by = versionFor(charge, policy);
  const rating = ratingBy(charge, by);
  money(currency, rating.totalMicros);
  const differenceMicros = costMicros(rating.totalMicros, charge.corrections) - charge.published.chargedMicros;
  return { fact: adjustedFact(charge, { differenceMicros, reason: 'rerating', atMs, order, ...by }), rating };
}

/** A version as a settled call is rated by it: by the clock of its zone when media time began. */
export function versionFor({ observed: { mediaOriginMs } }: SettledCharge, policy: PolicyVersion): { readonly policy: PolicyVersion; readonly utcOffsetMinutes: number } {
  // A clock of before media time began matters to nothing: then nothing was seen, either.
  return { policy, utcOffsetMinutes: mediaOriginMs === undefined ? 0 : utcOffsetMinutes(pricesOf(policy.terms).timeZone, mediaOriginMs) };
}

/** A settled call as a version rates it. */
export function ratingBy(charge: SettledCharge, by: RatedBy): Rating {
  return rate(tariffBy(by, charge.observed), countedTimeline(charge), limitMs(charge));
}

/** Whether a re-rating is to the version that the call is rated by already, and changes nothing. */
export function repeatsPolicy(charge: SettledCharge, { policy, differenceMicros }: AdjustedFact): boolean {
  const { policyId, version } = policyOf(charge);
  return differenceMicros === 0n && policy?.policyId === policyId && policy.version === version;
}

/** @throws ParleyError `charge.too_many_corrections` */
export function requireRoomForCorrection({ corrections = [] }: SettledCharge): void {
  if (corrections.length >= mostCorrections) throw parleyError('charge.too_many_corrections', `the charge was corrected ${mostCorrections} times`);
}

/** @throws ParleyError `charge.currency_mismatch` */
export function requireCurrencyOf(charge: SettledCharge, currency: string): void {
  const own = currencyOf(charge);
  if (currency !== own) throw parleyError('charge.currency_mismatch', `the call was charged in ${own}, not in ${currency}`);
}

/** What is told of a correction. */
export function adjustedFact(charge: Pick<SettledCharge, 'terms'>, correction: Correction): AdjustedFact {
  return { type: 'adjusted', currency: currencyOf(charge), ...correction };
}

function currencyOf({ terms }: Pick<SettledCharge, 'terms'>): string {
  return terms.policy.terms.currency;
}
