import { eventStreams } from '@parley/bus';
import { progress } from '../report.ts';
import type { Measured } from '../result-row.ts';
import { runJob } from './start-job.ts';
import type { DeliverySystem } from './system.ts';

/** More than the router keeps in memory: most of it is read from the stream again. */
const count = 60_000;
const repetitions = 5;

/** One gRPC subscriber that has events to catch up with, against nats.js alone on the same messages. */
export async function measureGrpcRate({ bus, natsUrl, grpcAddress, token, cursorNow }: DeliverySystem): Promise<Measured[]> {
  progress(`grpc: ${count} events are published`);
  const cursor = await cursorNow();
  const { state } = await bus.jsm.streams.info(eventStreams.call);
  await runJob('publish', { natsUrl, count, calls: 100, perSecond: 0 });
  const raw: number[] = [];
  const single: number[] = [];
  const batched: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    progress(`grpc: repetition ${repetition + 1} of ${repetitions}`);
    const rate = ({ elapsedMs }: { readonly elapsedMs: number }) => (count * 1_000) / elapsedMs;
    const stream = (maxEvents: number) => runJob('streamGrpc', { address: grpcAddress, token, cursor, count, maxEvents });
    raw.push(rate(await runJob('consumeRaw', { natsUrl, count, from: state.last_seq + 1 })));
    single.push(rate(await stream(0)));
    batched.push(rate(await stream(1_000)));
  }
  const row = (name: string, values: number[]): Measured => ({ name, unit: 'events/s', values, baselines: raw, goal: { atLeast: 0.6 } });
  return [row('one gRPC subscriber, an event a response, by raw consume', single), row('one gRPC subscriber, up to 1,000 a response, by raw consume', batched)];
}
