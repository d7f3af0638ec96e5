import type { LaneItem } from './lane-queue.ts';

/** A delivery that is pending: what deciding about it needs. */
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

/** A delivery that was given up. */
export interface DeadLetter extends Delivery {
  /** An error code, and what there is to say beyond it. */
  readonly reason: string;
  readonly diedAt: Date;
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

/** What a lane's receiver was not given: events whose deliveries were given up since the last one that it took. */
export interface LaneGap {
  /** The last of them. */
  readonly eventIds: readonly string[];
  /** All of them. */
  readonly count: number;
}

export const noGap: LaneGap = { eventIds: [], count: 0 };

/** A header has to stay short; the count tells of the others. */
const namedEvents = 16;

export function widened({ eventIds, count }: LaneGap, eventId: string): LaneGap {
  // A repeat, after a crash between two writes.
  if (eventIds.includes(eventId)) return { eventIds, count };
  return { eventIds: [...eventIds, eventId].slice(-namedEvents), count: count + 1 };
}
