import type { AccountStore } from './account-store.ts';

/** What the commands on an account's settings need. */
export interface SettingsPorts {
  readonly accounts: AccountStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
