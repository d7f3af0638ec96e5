import type { EventClass } from '@parley/bus';
import { parleyError } from '@parley/errors';
import type { TailEvent } from '../streaming/tail-event.ts';
import type { AccountDirectory } from './account-directory.ts';

/** An event that was kept when it was asked for may be read a little later. */
const slackMs = 5_000;

/**
 * For a stream of an account that keeps a class for less time than it is stored: that no event of it is delivered, or
 * left out in silence, that has expired.
 * @throws ParleyError `cursor.too_old` from what it returns
 */
export function assertKeptFor(accountId: string, accounts: AccountDirectory): (event: TailEvent, eventClass: EventClass) => void {
  return ({ storedAt }, eventClass) => {
    const retentionMs = accounts.of(accountId).retentionMs[eventClass];
    if (retentionMs !== undefined && storedAt.getTime() < Date.now() - retentionMs - slackMs) {
      throw parleyError('cursor.too_old', `${eventClass} events behind the cursor have expired; subscribe anew and expect a gap`);
    }
  };
}
