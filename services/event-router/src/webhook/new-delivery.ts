import type { StreamedEvent } from '@parley/bus';
import { toCloudEventJson } from '../bus/convert.ts';
import { deliveryId, type Delivery } from '../domain/delivery.ts';

/** One event's deliveries to each of some subscriptions, to be made at once. */
export function newDeliveries(event: StreamedEvent, partition: number, subscriptionIds: readonly string[], now: Date): Delivery[] {
  const body = toCloudEventJson(event);
  const { id: eventId, accountId, callId, stream, streamSequence, time, traceparent } = event;
  return subscriptionIds.map((subscriptionId) => ({
    id: deliveryId(subscriptionId, eventId),
    subscriptionId,
    accountId,
    callId,
    eventId,
    partition,
    stream,
    streamSequence,
    timeMs: time.getTime(),
    attempts: 0,
    notBefore: now,
    body,
    traceparent,
  }));
}
