import { compileFilter, type EventFilter, type FilteredAttributes } from '@parley/filters';

/** A durable subscription whose sink is a webhook, as the replica knows it from the SUBSCRIPTIONS stream. */
export interface WebhookSubscription {
  readonly subscriptionId: string;
  readonly accountId: string;
  readonly filter: EventFilter;
  readonly url: string;
  /** The newest first. */
  readonly signingKeys: readonly SigningKey[];
  /** Deliveries are kept, and made once it goes on. */
  readonly paused: boolean;
  /** By stream: the sequence that it starts after. */
  readonly startsAfter: Readonly<Record<string, number>>;
  /** Grows each time it is to be delivered again from where it starts. */
  readonly rewind: number;
  /** Grows with each change. */
  readonly revision: bigint;
}

export interface SigningKey {
  /** Standard Webhooks: `whsec_` or `whsk_` and base64. */
  readonly secret: string;
  /** It signs until then; undefined: until it is taken away. */
  readonly expiresAt: Date | undefined;
}

/** The keys that sign: all that are in force, so that a receiver may know the old one or the new one. */
export function keysInForce({ signingKeys }: Pick<WebhookSubscription, 'signingKeys'>, now: Date): readonly SigningKey[] {
  const inForce = signingKeys.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  // Without any signature every receiver would refuse it.
  return inForce.length > 0 ? inForce : signingKeys.slice(0, 1);
}

/** What of an event decides who gets it. */
export interface DeliverableEvent extends FilteredAttributes {
  readonly accountId: string;
  readonly stream: string;
  readonly streamSequence: number;
}

interface Entry {
  readonly subscription: WebhookSubscription;
  readonly passes: (event: DeliverableEvent) => boolean;
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
    const { accountId, subscriptionId } = subscription;
    const entries = this.#accounts.get(accountId) ?? new Map<string, Entry>();
    this.#accounts.set(accountId, entries);
    this.#deleted.delete(subscriptionId);
    entries.set(subscriptionId, { subscription, passes: testOf(subscription) });
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

  /** By its id alone, as those that are deleted are known. */
  isDeleted(subscriptionId: string): boolean {
    return this.#deleted.has(subscriptionId);
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

/** Whether its filter lets an event through. */
export function testOf({ filter }: Pick<WebhookSubscription, 'filter'>): (event: DeliverableEvent) => boolean {
  return compileFilter(filter);
}

/** Whether the event came after the subscription was made. */
export function isAfterStart({ startsAfter }: WebhookSubscription, event: Pick<DeliverableEvent, 'stream' | 'streamSequence'>): boolean {
  return event.streamSequence > (startsAfter[event.stream] ?? 0);
}
