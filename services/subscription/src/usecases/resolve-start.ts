import type { EventFilter } from '@parley/filters';
import type { Account } from '../domain/account.ts';
import { beginningTimes, earliestBeginningMs, lookbackTimes, type Start } from '../domain/start.ts';
import type { StreamPositions } from '../domain/subscription.ts';
import type { Broker } from './broker.ts';

export interface WantedStart {
  readonly start: Start;
  readonly filter: EventFilter;
  readonly nowMs: number;
}

/**
 * The stream positions at which a start that fits its filter (assertStartFits) stands now.
 * @throws ParleyError `subscription.start_expired`, `bus.unavailable`
 */
export async function resolveStart(broker: Broker, { accountId, settings }: Account, { start, filter, nowMs }: WantedStart): Promise<StreamPositions> {
  const { retentionMs } = settings;
  if (start.kind === 'lookback') return broker.positionsBefore(lookbackTimes(start.lookbackMs, filter, retentionMs, nowMs));
  const sinceMs = earliestBeginningMs(filter, retentionMs, nowMs);
  const beginnings = await broker.callBeginnings({ accountId, callIds: filter.callIds, sinceMs });
  return broker.positionsBefore(beginningTimes(beginnings, sinceMs));
}
