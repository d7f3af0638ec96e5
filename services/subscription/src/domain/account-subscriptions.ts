import { parleyError } from '@parley/errors';
import type { EventFilter } from '@parley/filters';
import { natsClasses, type EventClass, type Sink } from './sink.ts';

/** By stream name: the sequence that a subscription starts after. */
export type StreamPositions = Readonly<Record<string, number>>;

export interface Subscription {
  readonly subscriptionId: string;
  /** Orders an account's subscriptions; never given twice. */
  readonly number: number;
  /** Grows with each change of the subscription. */
  readonly revision: number;
  readonly filter: EventFilter;
  readonly sink: Sink;
  readonly paused: boolean;
  readonly startsAfter: StreamPositions;
  /** What created it, so that the same request again is known, and another one under its id refused. */
  readonly request: RequestKey;
}

export interface RequestKey {
  readonly requestId: string;
  /** Of the request's body. */
  readonly digest: string;
}

/**
 * All subscriptions of an account. They are one document, because what must hold holds over all of them: how many there
 * are, that one NATS sink is the only one, and that a request makes one subscription.
 */
export interface AccountSubscriptions {
  readonly accountId: string;
  /** Of the next change; grows by one with each. */
  readonly nextRevision: number;
  readonly subscriptions: readonly Subscription[];
}

/** A change, and the state after it. */
export interface Change {
  readonly account: AccountSubscriptions;
  readonly changed: Subscription;
  readonly deleted: boolean;
}

export type NewSubscription = Pick<Subscription, 'subscriptionId' | 'filter' | 'sink' | 'startsAfter' | 'request'>;

/**
 * The subscription that an earlier run of the same request made.
 * @throws ParleyError `request.idempotency_conflict` if that request had another body.
 */
export function madeBy(account: AccountSubscriptions, { requestId, digest }: RequestKey): Subscription | undefined {
  const made = account.subscriptions.find(({ request }) => request.requestId === requestId);
  if (made !== undefined && made.request.digest !== digest) {
    throw parleyError('request.idempotency_conflict', 'the request id was used before with another body');
  }
  return made;
}

/**
 * @param limit how many subscriptions an account may have.
 * @throws ParleyError `subscription.limit_reached`, `subscription.sink_exists`, `subscription.invalid_filter`
 */
export function create(account: AccountSubscriptions, given: NewSubscription, limit: number): Change {
  if (account.subscriptions.length >= limit) {
    throw parleyError('subscription.limit_reached', `an account may have ${limit} subscriptions`);
  }
  assertFits(given.filter, given.sink, false);
  if (given.sink.kind === 'nats' && account.subscriptions.some(({ sink }) => sink.kind === 'nats')) {
    throw parleyError('subscription.sink_exists', 'the account has a NATS sink already');
  }
  const changed: Subscription = { ...given, number: account.nextRevision, revision: account.nextRevision, paused: false };
  return { account: withSubscriptions(account, [...account.subscriptions, changed]), changed, deleted: false };
}

export interface Update {
  readonly filter: EventFilter;
  readonly paused: boolean;
  /** For what the filter newly lets a NATS sink have (addedClasses); the other streams stay where they started. */
  readonly startsAfter: StreamPositions;
}

/**
 * The classes whose events a NATS sink gets with a new filter, and did not get before. A webhook has none: it has one
 * start for all streams, and the event-router applies its filter event by event.
 * @throws ParleyError `subscription.invalid_filter`
 */
export function addedClasses({ sink, filter: before }: Subscription, filter: EventFilter): readonly EventClass[] {
  if (sink.kind !== 'nats') return [];
  const had = natsClasses(before);
  return natsClasses(filter).filter((eventClass) => !had.includes(eventClass));
}

/** @throws ParleyError `not_found.subscription`, `subscription.invalid_filter`, `subscription.invalid_sink` */
export function update(account: AccountSubscriptions, subscriptionId: string, { filter, paused, startsAfter }: Update): Change {
  const before = find(account, subscriptionId);
  assertFits(filter, before.sink, paused);
  const changed: Subscription = { ...before, filter, paused, startsAfter: { ...before.startsAfter, ...startsAfter }, revision: account.nextRevision };
  const subscriptions = account.subscriptions.map((one) => (one === before ? changed : one));
  return { account: withSubscriptions(account, subscriptions), changed, deleted: false };
}

/** @throws ParleyError `not_found.subscription` */
export function remove(account: AccountSubscriptions, subscriptionId: string): Change {
  const before = find(account, subscriptionId);
  const subscriptions = account.subscriptions.filter((one) => one !== before);
  return { account: withSubscriptions(account, subscriptions), changed: { ...before, revision: account.nextRevision }, deleted: true };
}

/** @throws ParleyError `not_found.subscription` */
export function find(account: AccountSubscriptions, subscriptionId: string): Subscription {
  const found = account.subscriptions.find((one) => one.subscriptionId === subscriptionId);
  if (found === undefined) throw parleyError('not_found.subscription', 'no such subscription');
  return found;
}

export interface Page {
  readonly subscriptions: readonly Subscription[];
  /** Number to go on after; undefined on the last page. */
  readonly next: number | undefined;
}

/** In the order of their creation. */
export function page(account: AccountSubscriptions, after: number, size: number): Page {
  const rest = account.subscriptions.filter((one) => one.number > after).sort((one, other) => one.number - other.number);
  const subscriptions = rest.slice(0, size);
  return { subscriptions, next: rest.length > size ? subscriptions.at(-1)?.number : undefined };
}

function assertFits(filter: EventFilter, sink: Sink, paused: boolean): void {
  if (sink.kind !== 'nats') return;
  natsClasses(filter);
  if (paused) throw parleyError('subscription.invalid_sink', 'a NATS sink is not paused: who reads from it decides when');
}

function withSubscriptions(account: AccountSubscriptions, subscriptions: readonly Subscription[]): AccountSubscriptions {
  return { ...account, nextRevision: account.nextRevision + 1, subscriptions };
}
