import type { GetSubscriptionRequest, GetSubscriptionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { find } from '../domain/account-subscriptions.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { toSubscription } from './convert.ts';

export function getSubscriptionHandler({ accounts, now }: SubscriptionPorts) {
  return async ({ subscriptionId }: GetSubscriptionRequest, { identity }: CallContext): Promise<GetSubscriptionResponse> => {
    const account = await accounts.find(identity.accountId);
    return { subscription: toSubscription(find(account, subscriptionId), now()) };
  };
}
