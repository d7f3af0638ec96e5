import { parleyError } from '@parley/errors';
import type { TailEvent } from '../streaming/tail-event.ts';

/**
 * For a stream from the beginning of some calls: that the first event of each of their sources is there.
 * @returns looks at the account's events in the order in which they were stored.
 * @throws ParleyError `subscription.start_expired` from it
 */
export function assertBeginning(callIds: readonly string[]): (event: TailEvent) => void {
  const calls = new Set(callIds);
  const begun = new Set<string>();
  return ({ event }) => {
    if (event === undefined || !calls.has(event.callId) || begun.has(event.source)) return;
    if (event.sequence !== 0n) throw parleyError('subscription.start_expired', 'the beginning of the call is no longer kept');
    begun.add(event.source);
  };
}
