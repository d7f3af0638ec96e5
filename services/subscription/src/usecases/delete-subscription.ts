import { remove } from '../domain/account-subscriptions.ts';
import type { AccountStore } from './account-store.ts';

export interface DeleteSubscription {
  readonly accountId: string;
  readonly subscriptionId: string;
  /** Of the state that is meant to be deleted; empty: whatever state. */
  readonly etag: string;
}

/**
 * Ends a subscription: deliveries that are still pending are dropped, a NATS sink's consumers are removed.
 * @throws ParleyError `not_found.subscription`, `subscription.etag_mismatch`
 */
export async function deleteSubscription(accounts: AccountStore, { accountId, subscriptionId, etag }: DeleteSubscription): Promise<void> {
  await accounts.change(accountId, (account) => remove(account, subscriptionId, etag));
}
