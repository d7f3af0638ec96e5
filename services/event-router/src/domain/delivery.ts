import type { LaneItem } from './lane-queue.ts';

/** A delivery that is pending: what deciding about it needs. Its body stays in the database until it is sent. */
export interface PendingDelivery extends LaneItem {
  /** `<subscription>/<event>`: an event is delivered to a subscription once. */
  readonly id: string;
  readonly subscriptionId: string;
  readonly accountId: string;
  readonly callId: string;
  readonly eventId: string;
  readonly partition: number;
  /** Attempts made so far. */
  readonly attempts: number;
  readonly notBefore: Date;
}

/** A delivery as it is sent. */
export interface Delivery extends PendingDelivery {
  /** CloudEvents JSON. */
  readonly body: string;
  /** Of the event's producer; empty when it was not traced. */
  readonly traceparent: string;
}

/** Without what only the sending needs, whatever else the given one carries: it may wait in memory for days. */
export function pendingPart(delivery: PendingDelivery): PendingDelivery {
  const { id, subscriptionId, accountId, callId, eventId, partition, stream, streamSequence, timeMs, attempts, notBefore } = delivery;
  return { id, subscriptionId, accountId, callId, eventId, partition, stream, streamSequence, timeMs, attempts, notBefore };
}

export function deliveryId(subscriptionId: string, eventId: string): string {
  return `${subscriptionId}/${eventId}`;
}

/** One call's deliveries to one endpoint: a lane keeps its order, and no lane waits for another. */
export function laneOf({ subscriptionId, callId }: Pick<PendingDelivery, 'subscriptionId' | 'callId'>): string {
  return `${subscriptionId}/${callId}`;
}
