import { parseFilter, type EventFilter } from '@parley/filters';
import { update, type Subscription } from '../domain/account-subscriptions.ts';
import type { AccountStore } from './account-store.ts';

export interface UpdateSubscription {
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly filter: EventFilter;
  readonly paused: boolean;
}

export interface UpdateSubscriptionPorts {
  readonly accounts: AccountStore;
  readonly knownTypes: readonly string[];
}

/**
 * Replaces the filter and the paused flag. The new filter holds for events from now on.
 * @throws ParleyError `not_found.subscription`, `subscription.invalid_filter`, `subscription.invalid_sink`
 */
export async function updateSubscription({ accounts, knownTypes }: UpdateSubscriptionPorts, command: UpdateSubscription): Promise<Subscription> {
  const filter = parseFilter(command.filter, knownTypes);
  let result: Subscription | undefined;
  await accounts.change(command.accountId, (account) => {
    const change = update(account, command.subscriptionId, { filter, paused: command.paused });
    result = change.changed;
    return change;
  });
  return result!;
}
