import type { GetSubscriptionRequest, GetSubscriptionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { find } from '../domain/account-subscriptions.ts';
import type { AccountStore } from '../usecases/account-store.ts';
import { toSubscription } from './convert.ts';

export function getSubscriptionHandler(accounts: AccountStore) {
  return async ({ subscriptionId }: GetSubscriptionRequest, { identity }: CallContext): Promise<GetSubscriptionResponse> => {
    const account = await accounts.find(identity.accountId);
    return { subscription: toSubscription(find(account, subscriptionId)) };
  };
}
