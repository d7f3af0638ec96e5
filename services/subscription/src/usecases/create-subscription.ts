import { createHash, randomBytes } from 'node:crypto';
import { invalidArgument } from '@parley/errors';
import { parseFilter, type EventFilter, type GivenFilter } from '@parley/filters';
import { create, madeBy, type AccountSubscriptions, type Subscription } from '../domain/account-subscriptions.ts';
import { eventClasses, type Sink } from '../domain/sink.ts';
import type { AccountStore } from './account-store.ts';
import type { Broker } from './broker.ts';

/** A sink as it is asked for. */
export type WantedSink = { readonly kind: 'webhook'; readonly url: string } | { readonly kind: 'nats' };

export interface CreateSubscription {
  readonly accountId: string;
  readonly requestId: string;
  readonly filter: GivenFilter;
  readonly sink: WantedSink;
}

export interface CreateSubscriptionPorts {
  readonly accounts: AccountStore;
  readonly broker: Broker;
  /** @throws ParleyError `egress.*` for a URL that may not be called. */
  readonly checkUrl: (url: string) => void;
  readonly knownTypes: readonly string[];
  /** Subscriptions that an account may have. */
  readonly limit: number;
}

const longestRequestId = 128;
const secretBytes = 32;

/**
 * Creates a subscription, or finds the one that the same request made before. Nothing that happens after this began is
 * missed: it starts after the events that were there then.
 * @throws ParleyError `request.invalid_argument`, `request.idempotency_conflict`, `subscription.*`, `egress.*`
 */
export async function createSubscription(ports: CreateSubscriptionPorts, command: CreateSubscription): Promise<Subscription> {
  const { accounts, broker, checkUrl, knownTypes, limit } = ports;
  const { accountId, requestId } = command;
  if (requestId === '' || requestId.length > longestRequestId) {
    throw invalidArgument([{ field: 'request_id', description: `has to have 1 to ${longestRequestId} characters` }]);
  }
  const filter = parseFilter(command.filter, knownTypes);
  if (command.sink.kind === 'webhook') checkUrl(command.sink.url);
  const request = { requestId, digest: digestOf(filter, command.sink) };
  const startsAfter = await broker.currentPositions(eventClasses);
  const given = { subscriptionId: `sub-${randomBytes(16).toString('hex')}`, filter, sink: newSink(command.sink), startsAfter, request };

  let result: Subscription | undefined;
  await accounts.change(accountId, async (account: AccountSubscriptions) => {
    result = madeBy(account, request);
    if (result !== undefined) return undefined;
    const change = create(account, given, limit);
    result = change.changed;
    return change;
  });
  return result!;
}

function newSink(sink: WantedSink): Sink {
  if (sink.kind === 'nats') return sink;
  return { kind: 'webhook', url: sink.url, secret: `whsec_${randomBytes(secretBytes).toString('base64')}` };
}

function digestOf(filter: EventFilter, sink: WantedSink): string {
  const { types, callIds, from, to, directions, filters } = filter;
  const body = [types, callIds, from, to, directions, filters, sink.kind, sink.kind === 'webhook' ? sink.url : ''];
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url');
}
