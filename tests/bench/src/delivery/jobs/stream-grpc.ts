import { EventServiceClient, StreamEventsRequest } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import type { Job } from '../job.ts';

export interface StreamGrpcParameters {
  readonly address: string;
  readonly token: string;
  readonly count: number;
  readonly cursor: string;
  /** How many events a response may carry; 0: one. */
  readonly maxEvents: number;
}

/** One gRPC subscriber that reads from a cursor on. */
export const streamGrpc: Job<StreamGrpcParameters, { readonly elapsedMs: number }> = async ({ address, token, count, cursor, maxEvents }, control) => {
  const client = createClient(EventServiceClient, { address, token });
  control.ready();
  await control.go;
  const startMs = performance.now();
  let received = 0;
  const stream = await client.streamEvents(StreamEventsRequest.fromPartial({ filter: { types: ['call.*'] }, cursor, maxEvents }));
  for await (const { event, events } of stream) {
    received += events.length + (event === undefined ? 0 : 1);
    if (received >= count) break;
  }
  const elapsedMs = performance.now() - startMs;
  stream.cancel();
  client.close();
  if (received < count) throw new Error(`the stream ended after ${received} events`);
  return { elapsedMs };
};
