import { parseFilter, type EventFilter, type GivenFilter } from '@parley/filters';
import { addedClasses, find, update } from '../domain/account-subscriptions.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { SubscriptionPorts } from './subscription-ports.ts';

export interface UpdateSubscription {
  readonly accountId: string;
  readonly subscriptionId: string;
  /** Of the state that it is meant for; empty: of whatever state. */
  readonly etag: string;
  /** What is replaced; what is unset stays. */
  readonly filter?: GivenFilter;
  readonly paused?: boolean;
  readonly url?: string;
}

/**
 * Replaces what is given. A new filter holds for events from now on: what it newly lets a NATS sink have starts after the
 * events that are there now.
 * @throws ParleyError `not_found.subscription`, `subscription.etag_mismatch`, `subscription.invalid_filter`,
 *   `subscription.invalid_sink`, `egress.*`
 */
export async function updateSubscription(ports: SubscriptionPorts, command: UpdateSubscription): Promise<Subscription> {
  const { accounts, broker, checkUrl, vocabulary, now } = ports;
  const { accountId, subscriptionId, etag, filter: given, ...rest } = command;
  const filter: { filter?: EventFilter } = given === undefined ? {} : { filter: parseFilter(given, vocabulary) };
  if (rest.url !== undefined) checkUrl(rest.url);
  let result: Subscription | undefined;
  await accounts.change(accountId, async (account) => {
    const added = filter.filter === undefined ? [] : addedClasses(find(account, subscriptionId), filter.filter);
    const startsAfter = added.length > 0 ? await broker.currentPositions(added) : {};
    const change = update(account, subscriptionId, { ...rest, ...filter, startsAfter }, { nowMs: now(), etag });
    result = change.changed;
    return change;
  });
  return result!;
}
