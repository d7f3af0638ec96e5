// Checks what a subscriber got: at least once and in order per source means that, repeats left out, the sequences of each
// source are 0, 1, 2 and so on.
import type { Deliveries } from './video-call-scene.ts';

/** One source's events on one transport. */
export interface SourceDelivery {
  readonly source: string;
  /** Without repeats. */
  readonly events: number;
  readonly repeats: number;
  /** Contiguous from 0 in the order of arrival, repeats left out. */
  readonly inOrder: boolean;
}

interface Delivered {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly sequence: string | bigint;
}

/** Of one call, by transport and source. */
export function deliveredBySource(deliveries: Deliveries, callId: string): Record<keyof Deliveries, SourceDelivery[]> {
  const of = (events: readonly Delivered[]) => bySource(events.filter(({ subject }) => subject === callId));
  return { grpc: of(deliveries.grpc), sse: of(deliveries.sse), webhook: of(deliveries.webhook), nats: of(deliveries.nats) };
}

function bySource(events: readonly Delivered[]): SourceDelivery[] {
  const sources = Map.groupBy(events, ({ source }) => source);
  return [...sources].sort(([one], [other]) => one.localeCompare(other)).map(([source, all]) => {
    const unique = [...new Map(all.map((event) => [event.id, Number(event.sequence)])).values()];
    const inOrder = unique.every((sequence, index) => sequence === index);
    return { source, events: unique.length, repeats: all.length - unique.length, inOrder };
  });
}

/** In words, each way in which a transport broke the promise or differs from the others; none is what it should be. */
export function deliveryFaults(deliveries: Deliveries, callId: string): string[] {
  const bySource = deliveredBySource(deliveries, callId);
  const reference = summary(bySource.grpc);
  return Object.entries(bySource).flatMap(([transport, sources]) => [
    ...sources.filter(({ inOrder }) => !inOrder).map(({ source }) => `${transport}: ${source} is out of order or has a gap`),
    ...(summary(sources) === reference ? [] : [`${transport} brought other events than gRPC: ${summary(sources)} instead of ${reference}`]),
  ]);
}

function summary(sources: readonly SourceDelivery[]): string {
  return sources.map(({ source, events }) => `${source}: ${events}`).join(', ');
}
