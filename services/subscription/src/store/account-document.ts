import type { EventFilter } from '@parley/filters';
import type { OutboxDocument } from '@parley/store';
import type { AccountSettings } from '../domain/settings.ts';
import type { Subscription } from '../domain/subscription.ts';

/** What the last change has to make known: on the bus, and to the broker's consumers. */
export interface ChangeMessage {
  /** On the bus. */
  readonly subject: string;
  readonly accountId: string;
  readonly revision: number;
  /** An encoded parley.subscription.v1.SubscriptionChanged. */
  readonly payload: Uint8Array;
  /** The subscription whose consumers may have to be made or removed. */
  readonly natsSubscriptionId?: string;
}

/** The expressions are JSON text: they hold names with dots as keys, which a document takes for paths. */
export interface FilterDocument extends Omit<EventFilter, 'filters'> {
  readonly filters: string;
}

export interface SubscriptionDocument extends Omit<Subscription, 'filter' | 'created'> {
  readonly filter: FilterDocument;
  readonly created?: SubscriptionDocument;
}

/** `_id` is the account: all that it has is read and changed as one. */
export interface AccountDocument extends OutboxDocument<ChangeMessage> {
  readonly nextRevision: number;
  readonly subscriptions: readonly SubscriptionDocument[];
  readonly settings: AccountSettings;
}
