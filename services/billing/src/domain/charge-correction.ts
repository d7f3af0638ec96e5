import { parleyError } from '@parley/errors';
import type { AdjustedFact, SettledCharge } from './charge.ts';
import { mostCorrections, type Correction, type CorrectionOrder } from './correction.ts';

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
  return { type: 'adjusted', currency: currencyOf(charge), differenceMicros: -amountMicros, reason, atMs, order };
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

function currencyOf({ terms }: SettledCharge): string {
  return terms.policy.terms.currency;
}
