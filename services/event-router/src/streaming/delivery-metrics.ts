import { attributeNames, count, record } from '@parley/telemetry';
import type { Transport } from './client-connection.ts';
import type { MessageBatch } from './message-batch.ts';

/** @param clients how many get it */
export function observeDelivery(transport: Transport, { messages }: MessageBatch, clients: number): void {
  const labels = { [attributeNames.transport]: transport };
  const now = Date.now();
  let events = 0;
  for (const { event } of messages) {
    if (event === undefined) continue;
    events += 1;
    record('parley.delivery.latency', (now - event.time.getTime()) / 1_000, labels);
  }
  if (events > 0) count('parley.delivery.events', events * clients, labels);
}
