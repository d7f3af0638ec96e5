import type { EventClass } from '@parley/bus';
import type { VerificationKeySecret } from '@parley/verification';

/** What holds for all subscribers of an account. */
export interface AccountSettings {
  readonly verificationKeys: readonly VerificationKeySecret[];
  /** Ids of tokens that are refused before they expire. */
  readonly revokedTokens: ReadonlySet<string>;
  /** How long its subscribers can get the events of a class, where that is shorter than they are stored. */
  readonly retentionMs: Readonly<Partial<Record<EventClass, number>>>;
}

/** Of an account that has set nothing. */
const unset: AccountSettings = { verificationKeys: [], revokedTokens: new Set(), retentionMs: {} };

/** The settings of all accounts, as this replica knows them from the SUBSCRIPTIONS stream. */
export class AccountDirectory {
  readonly #settings = new Map<string, AccountSettings>();

  put(accountId: string, settings: AccountSettings): void {
    this.#settings.set(accountId, settings);
  }

  of(accountId: string): AccountSettings {
    return this.#settings.get(accountId) ?? unset;
  }
}
