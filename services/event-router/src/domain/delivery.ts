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

export function deliveryId(subscriptionId: string, eventId: string): string {
  return `${subscriptionId}/${eventId}`;
}

/** One call's deliveries to one endpoint: a lane keeps its order, and no lane waits for another. */
export function laneOf({ subscriptionId, callId }: Pick<PendingDelivery, 'subscriptionId' | 'callId'>): string {
  return `${subscriptionId}/${callId}`;
}
