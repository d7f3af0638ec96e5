import { compileFilter, type EventFilter, type FilteredEvent, type Passes } from '@parley/filters';

/** A durable subscription whose sink is a webhook, as the replica knows it from the SUBSCRIPTIONS stream. */
export interface WebhookSubscription {
  readonly subscriptionId: string;
  readonly accountId: string;
  readonly filter: EventFilter;
  readonly url: string;
  /** Standard Webhooks secret, `whsec_` and base64. */
  readonly secret: string;
  /** Deliveries are kept, and made once it goes on. */
  readonly paused: boolean;
  /** By stream: the sequence that it starts after. */
  readonly startsAfter: Readonly<Record<string, number>>;
  /** Grows with each change. */
  readonly revision: bigint;
}

/** What of an event decides who gets it. */
export interface DeliverableEvent extends FilteredEvent {
  readonly accountId: string;
  readonly stream: string;
  readonly streamSequence: number;
}

interface Entry {
  readonly subscription: WebhookSubscription;
  readonly passes: Passes;
}

/** What a replica knows of a subscription that a delivery is for. One that is unknown it may learn of yet. */
export type Known =
  | { readonly kind: 'active'; readonly subscription: WebhookSubscription }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'unknown' };

/** The webhook subscriptions of all accounts. An event is held against those of its own account only. */
export class SubscriptionIndex {
  readonly #accounts = new Map<string, Map<string, Entry>>();
  readonly #deleted = new Set<string>();

  /** Puts in a subscription, or its newer state. */
  put(subscription: WebhookSubscription): void {
    const { accountId, subscriptionId, filter } = subscription;
    const entries = this.#accounts.get(accountId) ?? new Map<string, Entry>();
    this.#accounts.set(accountId, entries);
    this.#deleted.delete(subscriptionId);
    entries.set(subscriptionId, { subscription, passes: compileFilter(filter) });
  }

  delete(accountId: string, subscriptionId: string): void {
    const entries = this.#accounts.get(accountId);
    entries?.delete(subscriptionId);
    this.#deleted.add(subscriptionId);
    if (entries?.size === 0) this.#accounts.delete(accountId);
  }

  get(accountId: string, subscriptionId: string): Known {
    const entry = this.#accounts.get(accountId)?.get(subscriptionId);
    if (entry !== undefined) return { kind: 'active', subscription: entry.subscription };
    return { kind: this.#deleted.has(subscriptionId) ? 'deleted' : 'unknown' };
  }

  all(): readonly WebhookSubscription[] {
    return [...this.#accounts.values()].flatMap((entries) => [...entries.values()].map((entry) => entry.subscription));
  }

  /** Who gets the event. */
  matching(event: DeliverableEvent): readonly WebhookSubscription[] {
    const entries = this.#accounts.get(event.accountId);
    if (entries === undefined) return [];
    return [...entries.values()]
      .filter(({ subscription, passes }) => isAfterStart(subscription, event) && passes(event))
      .map((entry) => entry.subscription);
  }
}

/** Whether the event came after the subscription was made. */
export function isAfterStart({ startsAfter }: WebhookSubscription, event: Pick<DeliverableEvent, 'stream' | 'streamSequence'>): boolean {
  return event.streamSequence > (startsAfter[event.stream] ?? 0);
}
