import { EventServiceClient, StreamEventsRequest } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import { connectPlatform, eventMaker, publishRaw } from '../bench-events.ts';
import type { Job } from '../job.ts';
import { paced } from '../paced.ts';

export interface RoundTripParameters {
  readonly natsUrl: string;
  readonly address: string;
  readonly token: string;
  readonly count: number;
  readonly perSecond: number;
}

export interface RoundTripTimes {
  /** From the publish until a gRPC subscriber has the event. */
  readonly deliveryMs: readonly number[];
}

/** Publishes at a steady rate and receives the same events again; in one process, since they are timed by one clock. */
export const roundTrip: Job<RoundTripParameters, RoundTripTimes> = async ({ natsUrl, address, token, count, perSecond }, control) => {
  const bus = await connectPlatform(natsUrl);
  const client = createClient(EventServiceClient, { address, token });
  const stream = await client.streamEvents(StreamEventsRequest.fromPartial({ filter: { types: ['call.*'] } }));
  const startedMs = new Map<string, number>();
  const deliveryMs: number[] = [];
  const delivered = (async () => {
    for await (const { event } of stream) {
      if (event === undefined) control.ready();
      const start = startedMs.get(event?.id ?? '');
      if (start !== undefined) deliveryMs.push(performance.now() - start);
      if (deliveryMs.length === count) return;
    }
  })();
  await control.go;
  const next = eventMaker(10);
  await paced(count, perSecond, async () => {
    const event = next();
    startedMs.set(event.id, performance.now());
    await publishRaw(bus, event);
  });
  await delivered;
  stream.cancel();
  client.close();
  await bus.close();
  return { deliveryMs };
};
