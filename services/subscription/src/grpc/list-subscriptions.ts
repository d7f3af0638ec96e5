import type { ListSubscriptionsRequest, ListSubscriptionsResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import type { AccountStore } from '../usecases/account-store.ts';
import { listSubscriptions } from '../usecases/list-subscriptions.ts';
import { toSubscription } from './convert.ts';

export function listSubscriptionsHandler(accounts: AccountStore) {
  return async ({ pageSize, pageToken }: ListSubscriptionsRequest, { identity }: CallContext): Promise<ListSubscriptionsResponse> => {
    const page = await listSubscriptions(accounts, { accountId: identity.accountId, pageSize, pageToken });
    return { subscriptions: page.subscriptions.map(toSubscription), nextPageToken: page.nextPageToken };
  };
}
