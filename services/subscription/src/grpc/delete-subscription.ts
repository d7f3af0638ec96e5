import type { DeleteSubscriptionRequest, DeleteSubscriptionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { deleteSubscription } from '../usecases/delete-subscription.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';

export function deleteSubscriptionHandler({ accounts }: SubscriptionPorts) {
  return async ({ subscriptionId, etag }: DeleteSubscriptionRequest, { identity }: CallContext): Promise<DeleteSubscriptionResponse> => {
    await deleteSubscription(accounts, { accountId: identity.accountId, subscriptionId, etag });
    return {};
  };
}
