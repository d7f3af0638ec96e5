import type { Account, Change } from '../domain/account.ts';

/** Where the subscriptions and settings of accounts are kept. */
export interface AccountStore {
  /** An account that never had anything has no subscriptions and the default settings. */
  find(accountId: string): Promise<Account>;
  /**
   * Applies a change on top of the latest state and makes it known, before it resolves. `decide` may run several times,
   * and returns undefined to change nothing; what it throws is thrown on.
   */
  change(accountId: string, decide: (account: Account) => Change | undefined | Promise<Change | undefined>): Promise<void>;
}
