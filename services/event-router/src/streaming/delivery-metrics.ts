import { attributeNames, count, record } from '@parley/telemetry';
import type { Transport } from './client-connection.ts';
import type { MessageBatch } from './message-batch.ts';

/** @param clients how many get it */
export function countDelivery(transport: Transport, { messages }: MessageBatch, clients: number): void {
  const events = messages.reduce((sum, { event }) => sum + (event === undefined ? 0 : 1), 0);
  if (events > 0) count('parley.delivery.events', events * clients, { [attributeNames.transport]: transport });
}

/** Of live events: how long ago one happened that a client catches up with says nothing. */
export function recordLatency(transport: Transport, { messages }: MessageBatch): void {
  const now = Date.now();
  for (const { event } of messages) {
    if (event !== undefined) record('parley.delivery.latency', (now - event.time.getTime()) / 1_000, { [attributeNames.transport]: transport });
  }
}
