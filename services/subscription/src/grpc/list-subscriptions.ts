import type { ListSubscriptionsRequest, ListSubscriptionsResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { listSubscriptions } from '../usecases/list-subscriptions.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { toSubscription } from './convert.ts';

export function listSubscriptionsHandler({ accounts, now }: SubscriptionPorts) {
  return async ({ pageSize, pageToken }: ListSubscriptionsRequest, { identity }: CallContext): Promise<ListSubscriptionsResponse> => {
    const page = await listSubscriptions(accounts, { accountId: identity.accountId, pageSize, pageToken });
    const nowMs = now();
    return { subscriptions: page.subscriptions.map((one) => toSubscription(one, nowMs)), nextPageToken: page.nextPageToken };
  };
}
