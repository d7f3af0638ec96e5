import { FilterIndex, type EventFilter, type FilteredEvent } from '@parley/filters';

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
export interface DeliverableEvent extends FilteredEvent {
  readonly accountId: string;
  readonly stream: string;
  readonly streamSequence: number;
}

/** What a replica knows of a subscription that a delivery is for. One that is unknown it may learn of yet. */
export type Known =
  | { readonly kind: 'active'; readonly subscription: WebhookSubscription }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'unknown' };

interface AccountWebhooks {
  readonly byId: Map<string, WebhookSubscription>;
  readonly index: FilterIndex<string>;
}

/** The webhook subscriptions of all accounts. An event is held against those of its own account only. */
export class SubscriptionIndex {
  readonly #accounts = new Map<string, AccountWebhooks>();
  readonly #deleted = new Set<string>();

  /** Puts in a subscription, or its newer state. */
  put(subscription: WebhookSubscription): void {
    const { accountId, subscriptionId, filter } = subscription;
    const account = this.#accounts.get(accountId) ?? { byId: new Map<string, WebhookSubscription>(), index: new FilterIndex<string>() };
    this.#accounts.set(accountId, account);
    this.#deleted.delete(subscriptionId);
    account.byId.set(subscriptionId, subscription);
    account.index.put(subscriptionId, filter);
  }

  delete(accountId: string, subscriptionId: string): void {
    const account = this.#accounts.get(accountId);
    this.#deleted.add(subscriptionId);
    if (account === undefined) return;
    account.byId.delete(subscriptionId);
    account.index.delete(subscriptionId);
    if (account.byId.size === 0) this.#accounts.delete(accountId);
  }

  get(accountId: string, subscriptionId: string): Known {
    const subscription = this.#accounts.get(accountId)?.byId.get(subscriptionId);
    if (subscription !== undefined) return { kind: 'active', subscription };
    return { kind: this.#deleted.has(subscriptionId) ? 'deleted' : 'unknown' };
  }

  /** By its id alone, as those that are deleted are known. */
  isDeleted(subscriptionId: string): boolean {
    return this.#deleted.has(subscriptionId);
  }

  all(): readonly WebhookSubscription[] {
    return [...this.#accounts.values()].flatMap(({ byId }) => [...byId.values()]);
  }

  /** Who gets the event. */
  matching(event: DeliverableEvent): readonly WebhookSubscription[] {
    const account = this.#accounts.get(event.accountId);
    if (account === undefined) return [];
    const matching = account.index.matching(event).map((subscriptionId) => account.byId.get(subscriptionId)!);
    return matching.filter((subscription) => isAfterStart(subscription, event));
  }
}

/** Whether the event came after the subscription was made. */
export function isAfterStart({ startsAfter }: WebhookSubscription, event: Pick<DeliverableEvent, 'stream' | 'streamSequence'>): boolean {
  return event.streamSequence > (startsAfter[event.stream] ?? 0);
}
