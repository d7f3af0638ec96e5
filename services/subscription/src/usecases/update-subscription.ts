import { parseFilter, type FilterVocabulary, type GivenFilter } from '@parley/filters';
import { addedClasses, find, update, type Subscription } from '../domain/account-subscriptions.ts';
import type { AccountStore } from './account-store.ts';
import type { Broker } from './broker.ts';

export interface UpdateSubscription {
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly filter: GivenFilter;
  readonly paused: boolean;
}

export interface UpdateSubscriptionPorts {
  readonly accounts: AccountStore;
  readonly broker: Pick<Broker, 'currentPositions'>;
  readonly vocabulary: FilterVocabulary;
}

/**
 * Replaces the filter and the paused flag. The new filter holds for events from now on: what it newly lets a NATS sink
 * have starts after the events that are there now.
 * @throws ParleyError `not_found.subscription`, `subscription.invalid_filter`, `subscription.invalid_sink`
 */
export async function updateSubscription({ accounts, broker, vocabulary }: UpdateSubscriptionPorts, command: UpdateSubscription): Promise<Subscription> {
  const filter = parseFilter(command.filter, vocabulary);
  let result: Subscription | undefined;
  await accounts.change(command.accountId, async (account) => {
    const added = addedClasses(find(account, command.subscriptionId), filter);
    const startsAfter = added.length > 0 ? await broker.currentPositions(added) : {};
    const change = update(account, command.subscriptionId, { filter, paused: command.paused, startsAfter });
    result = change.changed;
    return change;
  });
  return result!;
}
