import type { AccountSettings } from './settings.ts';
import type { Subscription } from './subscription.ts';

/**
 * All that an account has here. It is one document, because what must hold holds over all of it: how many subscriptions
 * there are, that one NATS sink is the only one, and that a request makes one thing.
 */
export interface Account {
  readonly accountId: string;
  /** Of the next change; grows by one with each. */
  readonly nextRevision: number;
  readonly subscriptions: readonly Subscription[];
  readonly settings: AccountSettings;
}

/** A change, and the account after it. */
export type Change = SubscriptionChange | SettingsChange;

export interface SubscriptionChange {
  readonly kind: 'subscription';
  readonly account: Account;
  readonly changed: Subscription;
  readonly deleted: boolean;
}

export interface SettingsChange {
  readonly kind: 'settings';
  readonly account: Account;
  /** Of this change. */
  readonly revision: number;
}
