import type { DeleteSubscriptionRequest, DeleteSubscriptionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import type { AccountStore } from '../usecases/account-store.ts';
import { deleteSubscription } from '../usecases/delete-subscription.ts';

export function deleteSubscriptionHandler(accounts: AccountStore) {
  return async ({ subscriptionId }: DeleteSubscriptionRequest, { identity }: CallContext): Promise<DeleteSubscriptionResponse> => {
    await deleteSubscription(accounts, identity.accountId, subscriptionId);
    return {};
  };
}
