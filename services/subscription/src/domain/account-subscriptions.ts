import { parleyError } from '@parley/errors';
import type { EventFilter } from '@parley/filters';
import type { Account, SubscriptionChange } from './account.ts';
import type { EventClass } from './event-class.ts';
import { keysInForce, rotate, type SigningKey } from './signing-keys.ts';
import { natsClasses, webhookOf, type Sink } from './sink.ts';
import { assertEtag, type StreamPositions, type Subscription } from './subscription.ts';

export type NewSubscription = Pick<Subscription, 'subscriptionId' | 'filter' | 'sink' | 'startsAfter' | 'createTimeMs' | 'request'>;

/**
 * @param limit how many subscriptions an account may have.
 * @throws ParleyError `subscription.limit_reached`, `subscription.sink_exists`, `subscription.invalid_filter`
 */
export function create(account: Account, given: NewSubscription, limit: number): SubscriptionChange {
  if (account.subscriptions.length >= limit) {
    throw parleyError('subscription.limit_reached', `an account may have ${limit} subscriptions`);
  }
  assertFits(given.filter, given.sink, false);
  if (given.sink.kind === 'nats' && account.subscriptions.some(({ sink }) => sink.kind === 'nats')) {
    throw parleyError('subscription.sink_exists', 'the account has a NATS sink already');
  }
  const { nextRevision } = account;
  const changed: Subscription = { ...given, number: nextRevision, revision: nextRevision, paused: false, rewind: 0, updateTimeMs: given.createTimeMs };
  return changeOf(account, [...account.subscriptions, changed], changed, false);
}

/** What is replaced; what is unset stays. */
export interface Update {
  readonly filter?: EventFilter;
  readonly paused?: boolean;
  /** Of a webhook. */
  readonly url?: string;
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

/** When a change is made, and of which state: its etag, or empty for whatever state. */
export interface Occasion {
  readonly nowMs: number;
  readonly etag: string;
}

/** @throws ParleyError `not_found.subscription`, `subscription.etag_mismatch`, `subscription.invalid_filter`, `subscription.invalid_sink` */
export function update(account: Account, subscriptionId: string, { startsAfter, url, ...given }: Update, { nowMs, etag }: Occasion): SubscriptionChange {
  const before = find(account, subscriptionId);
  assertEtag(before, etag);
  const sink = url === undefined ? before.sink : { ...webhookOf(before.sink), url };
  const after = { ...before, ...given, sink, startsAfter: { ...before.startsAfter, ...startsAfter } };
  assertFits(after.filter, sink, after.paused);
  return replace(account, before, after, nowMs);
}

/** Delivers again what came after the positions. @throws ParleyError `not_found.subscription` */
export function rewind(account: Account, subscriptionId: string, startsAfter: StreamPositions, nowMs: number): SubscriptionChange {
  const before = find(account, subscriptionId);
  return replace(account, before, { ...before, startsAfter, rewind: before.rewind + 1 }, nowMs);
}

/** @throws ParleyError `not_found.subscription`, `subscription.invalid_sink`, `webhook.key_limit` */
export function rotateKey(account: Account, subscriptionId: string, added: SigningKey, overlapMs: number): SubscriptionChange {
  const before = find(account, subscriptionId);
  const sink = webhookOf(before.sink);
  return replace(account, before, { ...before, sink: { ...sink, keys: rotate(sink.keys, added, overlapMs) } }, added.createTimeMs);
}

/** @throws ParleyError `not_found.subscription`, `subscription.etag_mismatch` */
export function remove(account: Account, subscriptionId: string, etag: string): SubscriptionChange {
  const before = find(account, subscriptionId);
  assertEtag(before, etag);
  const subscriptions = account.subscriptions.filter((one) => one !== before);
  return changeOf(account, subscriptions, { ...before, revision: account.nextRevision }, true);
}

/** @throws ParleyError `not_found.subscription` */
export function find(account: Account, subscriptionId: string): Subscription {
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
export function page(account: Account, after: number, size: number): Page {
  const rest = account.subscriptions.filter((one) => one.number > after).sort((one, other) => one.number - other.number);
  const subscriptions = rest.slice(0, size);
  return { subscriptions, next: rest.length > size ? subscriptions.at(-1)?.number : undefined };
}

function assertFits(filter: EventFilter, sink: Sink, paused: boolean): void {
  if (sink.kind !== 'nats') return;
  natsClasses(filter);
  if (paused) throw parleyError('subscription.invalid_sink', 'a NATS sink is not paused: who reads from it decides when');
}

/** Keys that sign no more are forgotten with whatever change comes next. */
function replace(account: Account, before: Subscription, after: Subscription, nowMs: number): SubscriptionChange {
  const sink = after.sink.kind === 'webhook' ? { ...after.sink, keys: keysInForce(after.sink.keys, nowMs) } : after.sink;
  const changed: Subscription = { ...after, sink, revision: account.nextRevision, updateTimeMs: nowMs, created: before.created ?? before };
  const subscriptions = account.subscriptions.map((one) => (one === before ? changed : one));
  return changeOf(account, subscriptions, changed, false);
}

function changeOf(account: Account, subscriptions: readonly Subscription[], changed: Subscription, deleted: boolean): SubscriptionChange {
  return { kind: 'subscription', account: { ...account, nextRevision: account.nextRevision + 1, subscriptions }, changed, deleted };
}
