import type { EventFilter } from '@parley/filters';
import type { OutboxDocument } from '@parley/store';
import type { StreamPositions } from '../domain/account-subscriptions.ts';
import type { Sink } from '../domain/sink.ts';

/** What the last change has to make known: on the bus, and to the broker's consumers. */
export interface ChangeMessage {
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly revision: number;
  /** An encoded parley.subscription.v1.SubscriptionChanged. */
  readonly payload: Uint8Array;
  /** Whether the account's consumers may have to be made or removed. */
  readonly concernsNats: boolean;
}

/** The names of attributes have dots, which names of a document's fields may not have everywhere: expressions are kept as JSON. */
export interface FilterDocument extends Omit<EventFilter, 'filters'> {
  /** Missing in documents that were written when there were none. */
  readonly filtersJson?: string;
}

export interface SubscriptionDocument {
  readonly subscriptionId: string;
  readonly number: number;
  readonly revision: number;
  readonly filter: FilterDocument;
  readonly sink: Sink;
  readonly paused: boolean;
  readonly startsAfter: StreamPositions;
  readonly request: { readonly requestId: string; readonly digest: string };
}

/** `_id` is the account: all of its subscriptions are read and changed as one. */
export interface AccountDocument extends OutboxDocument<ChangeMessage> {
  readonly nextRevision: number;
  readonly subscriptions: readonly SubscriptionDocument[];
}
