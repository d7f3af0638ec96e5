import type { AccountSubscriptions, Change } from '../domain/account-subscriptions.ts';

/** Where the subscriptions of accounts are kept. */
export interface AccountStore {
  /** An account that never had one has none. */
  find(accountId: string): Promise<AccountSubscriptions>;
  /**
   * Applies a change on top of the latest state and lets the event-router know, before it resolves. `decide` may run
   * several times, and returns undefined to change nothing; what it throws is thrown on.
   */
  change(accountId: string, decide: (account: AccountSubscriptions) => Change | undefined | Promise<Change | undefined>): Promise<void>;
}
