import { randomBytes } from 'node:crypto';
import { canonicalFilter, parseFilter, type EventFilter, type GivenFilter } from '@parley/filters';
import { create } from '../domain/account-subscriptions.ts';
import { eventClasses } from '../domain/event-class.ts';
import { madeBy } from '../domain/request-key.ts';
import type { SignatureScheme } from '../domain/signing-keys.ts';
import type { Sink } from '../domain/sink.ts';
import { assertStartFits, type Start } from '../domain/start.ts';
import type { Subscription } from '../domain/subscription.ts';
import { requestKey } from './idempotent-request.ts';
import { newSigningKey } from './new-signing-key.ts';
import { resolveStart } from './resolve-start.ts';
import type { SubscriptionPorts } from './subscription-ports.ts';

/** A sink as it is asked for. */
export type WantedSink = { readonly kind: 'webhook'; readonly url: string; readonly scheme: SignatureScheme } | { readonly kind: 'nats' };

export interface CreateSubscription {
  readonly accountId: string;
  readonly requestId: string;
  readonly filter: GivenFilter;
  readonly sink: WantedSink;
  /** Undefined: with what happens from now on. */
  readonly start: Start | undefined;
}

/**
 * Creates a subscription, or finds the one that the same request made before, as it was made. Nothing that happens after
 * this began is missed: it starts after the events that were there then, or earlier.
 * @throws ParleyError `request.invalid_argument`, `request.idempotency_conflict`, `subscription.*`, `egress.*`
 */
export async function createSubscription(ports: SubscriptionPorts, command: CreateSubscription): Promise<Subscription> {
  const { accounts, broker, checkUrl, vocabulary, limit } = ports;
  const { accountId, sink, start } = command;
  const filter = parseFilter(command.filter, vocabulary);
  const request = requestKey(command.requestId, bodyOf(filter, command));
  if (sink.kind === 'webhook') checkUrl(sink.url);
  if (start !== undefined) assertStartFits(start, filter);
  const nowMs = ports.now();
  const fromNow = await broker.currentPositions(eventClasses);
  const given = { subscriptionId: `sub-${randomBytes(16).toString('hex')}`, filter, sink: newSink(sink, nowMs), createTimeMs: nowMs, request };

  let result: Subscription | undefined;
  await accounts.change(accountId, async (account) => {
    const made = madeBy(account.subscriptions, request);
    result = made?.created ?? made;
    if (result !== undefined) return undefined;
    const startsAfter = start === undefined ? fromNow : await resolveStart(broker, account, { start, filter, nowMs });
    const change = create(account, { ...given, startsAfter }, limit);
    result = change.changed;
    return change;
  });
  return result!;
}

function newSink(sink: WantedSink, nowMs: number): Sink {
  return sink.kind === 'nats' ? sink : { ...sink, keys: [newSigningKey(sink.scheme, nowMs)] };
}

function bodyOf(filter: EventFilter, { sink, start }: CreateSubscription): unknown {
  const sinkBody = sink.kind === 'webhook' ? [sink.kind, sink.url, sink.scheme] : [sink.kind];
  const startBody = start?.kind === 'lookback' ? [start.kind, start.lookbackMs] : [start?.kind ?? 'now'];
  return [canonicalFilter(filter), sinkBody, startBody];
}
