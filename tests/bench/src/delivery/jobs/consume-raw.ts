import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { accountFilter, eventStreams } from '@parley/bus';
import { accountId, connectPlatform } from '../bench-events.ts';
import type { Job } from '../job.ts';

export interface ConsumeRawParameters {
  readonly natsUrl: string;
  readonly count: number;
  /** The first stream sequence. */
  readonly from: number;
}

const fetchedAhead = 1_000;

/** The baseline of consuming: nats.js alone, each message acknowledged, nothing decoded. */
export const consumeRaw: Job<ConsumeRawParameters, { readonly elapsedMs: number }> = async ({ natsUrl, count, from }, control) => {
  const bus = await connectPlatform(natsUrl);
  const { name } = await bus.jsm.consumers.add(eventStreams.call, {
    durable_name: `bench-${process.pid}`,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    filter_subject: accountFilter('call', accountId),
    max_ack_pending: 2 * fetchedAhead,
  });
  const consumer = await bus.js.consumers.get(eventStreams.call, name);
  control.ready();
  await control.go;
  const startMs = performance.now();
  let received = 0;
  for await (const message of await consumer.consume({ max_messages: fetchedAhead })) {
    message.ack();
    received += 1;
    if (received === count) break;
  }
  await bus.nc.flush();
  const elapsedMs = performance.now() - startMs;
  await bus.jsm.consumers.delete(eventStreams.call, name);
  await bus.close();
  return { elapsedMs };
};
