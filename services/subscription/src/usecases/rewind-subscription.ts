import type { Account } from '../domain/account.ts';
import { find, rewind } from '../domain/account-subscriptions.ts';
import { positionsOf } from './cursor-positions.ts';
import { assertStartFits, retentionTimes, type Start } from '../domain/start.ts';
import type { StreamPositions, Subscription } from '../domain/subscription.ts';
import { resolveStart } from './resolve-start.ts';
import type { SubscriptionPorts } from './subscription-ports.ts';

/** Where to: a start, or what a cursor of any transport stands at. */
export type RewindTarget = Start | { readonly kind: 'cursor'; readonly cursor: string };

export interface RewindSubscription {
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly to: RewindTarget;
}

/**
 * Delivers again from a position on.
 * @throws ParleyError `not_found.subscription`, `subscription.invalid_start`, `subscription.start_expired`, `cursor.*`
 */
export async function rewindSubscription(ports: SubscriptionPorts, { accountId, subscriptionId, to }: RewindSubscription): Promise<Subscription> {
  const nowMs = ports.now();
  const resolve = to.kind === 'cursor' ? cursorResolver(ports, { accountId, cursor: to.cursor, nowMs }) : startResolver(ports, to, nowMs);
  let result: Subscription | undefined;
  await ports.accounts.change(accountId, async (account) => {
    const startsAfter = await resolve(account, find(account, subscriptionId));
    const change = rewind(account, subscriptionId, startsAfter, nowMs);
    result = change.changed;
    return change;
  });
  return result!;
}

type Resolver = (account: Account, subscription: Subscription) => Promise<StreamPositions>;

function startResolver({ broker }: SubscriptionPorts, start: Start, nowMs: number): Resolver {
  return async (account, { filter }) => {
    assertStartFits(start, filter);
    return resolveStart(broker, account, { start, filter, nowMs });
  };
}

// Of whatever filter it was made for: all that the subscription's own lets through is delivered again.
function cursorResolver(
  { broker, decodeCursor }: SubscriptionPorts,
  { accountId, cursor, nowMs }: { readonly accountId: string; readonly cursor: string; readonly nowMs: number },
): Resolver {
  const positions = decodeCursor(cursor, accountId);
  return async ({ settings }, { filter }) => positionsOf(positions, await broker.keptSince(retentionTimes(filter, settings.retentionMs, nowMs)));
}
