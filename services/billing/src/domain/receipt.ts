import type { OpenCharge, SettledCharge } from './charge.ts';
import { countedTimeline, limitMs } from './charge-decision.ts';
import { rate, type Rating } from './rating.ts';
import { tariffOf } from './tariff.ts';

/**
 * What the call costs and why, millisecond by millisecond, from 0 to the final media time. While the call goes on: to
 * where it is decided; what is charged then is posted as each cell of the grid is complete.
 */
export function receiptOf(charge: OpenCharge | SettledCharge): Rating {
  return rate(tariffOf(charge), countedTimeline(charge), limitMs(charge));
}
