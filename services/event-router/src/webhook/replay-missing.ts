import { accountFilter, allPartitions, brokerErrors, eventStreams, partitionOf, type EventClass } from '@parley/bus';
import { compileFilter } from '@parley/filters';
import { toDeliverable } from '../bus/convert.ts';
import { firstSequenceSince } from '../bus/first-sequence-since.ts';
import { deliveryId, type Delivery } from '../domain/delivery.ts';
import { newDeliveries } from './new-delivery.ts';
import { requireWebhook, type WebhookOperations } from './webhook-operations.ts';

const batchSize = 200;
/** A call that would deliver more is to be made again. */
export const largestReplay = 10_000;
/** Younger events may be on their way, and what was just delivered not on record. */
const settledMs = 5_000;

type Ports = Pick<WebhookOperations, 'bus' | 'subscriptions' | 'deliveries' | 'deadLetters' | 'logs' | 'reloads' | 'states' | 'eventsBetween'>;

/**
 * Delivers the events that the filter of now lets through, that came at a time or later, and of which no delivery is on
 * record. The log of attempts is bounded: of what it does not hold any more it cannot be told whether it was delivered, and
 * it is delivered again, since a repeat is known by its id and a gap is not.
 * @returns how many deliveries are new; at most largestReplay
 * @throws ParleyError `not_found.subscription`, `bus.unavailable`
 */
export async function replayMissing(ports: Ports, accountId: string, subscriptionId: string, since: Date, signal: AbortSignal): Promise<number> {
  const passes = compileFilter(requireWebhook(ports, accountId, subscriptionId).filter);
  const delivered = await deliveredEvents(ports, subscriptionId);
  const states = await brokerErrors(ports.states);
  const settledAt = Date.now() - settledMs;
  let replayed = 0;
  const batch: Delivery[] = [];
  const store = async () => (replayed += await put(ports, batch.splice(0)));
  for (const eventClass of Object.keys(eventStreams) as EventClass[]) {
    const stream = eventStreams[eventClass];
    const { firstSequence, lastSequence } = states[stream]!;
    const from = await brokerErrors(() => firstSequenceSince(ports.bus, stream, since, { firstSequence, lastSequence }));
    const filter = accountFilter(eventClass, accountId);
    for await (const event of ports.eventsBetween({ stream, filter, from, to: lastSequence })) {
      signal.throwIfAborted();
      if (event.time.getTime() > settledAt || !passes(toDeliverable(event)) || delivered.has(event.id)) continue;
      batch.push(...newDeliveries(event, partitionOf(event.callId), [subscriptionId], new Date()));
      if (batch.length === batchSize) await store();
      if (replayed >= largestReplay) return replayed;
    }
  }
  await store();
  return replayed;
}

async function deliveredEvents({ logs }: Ports, subscriptionId: string): Promise<ReadonlySet<string>> {
  const ofPartitions = await logs.all(subscriptionId, allPartitions);
  return new Set(ofPartitions.flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome === 'delivered').map(({ eventId }) => eventId)));
}

async function put({ deliveries, deadLetters, reloads }: Ports, batch: readonly Delivery[]): Promise<number> {
  const added = await deliveries.write(batch.map((delivery) => ({ kind: 'put', delivery })));
  // One that had died is pending again.
  await Promise.all(batch.map(({ subscriptionId, eventId }) => deadLetters.remove(deliveryId(subscriptionId, eventId))));
  await Promise.all([...new Set(batch.map(({ partition }) => partition))].map((partition) => reloads.request(partition)));
  return added;
}
