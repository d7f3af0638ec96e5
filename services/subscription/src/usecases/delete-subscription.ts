import { remove } from '../domain/account-subscriptions.ts';
import type { AccountStore } from './account-store.ts';

/**
 * Ends a subscription: deliveries that are still pending are dropped, a NATS sink's consumers are removed.
 * @throws ParleyError `not_found.subscription`
 */
export async function deleteSubscription(accounts: AccountStore, accountId: string, subscriptionId: string): Promise<void> {
  await accounts.change(accountId, (account) => remove(account, subscriptionId));
}
