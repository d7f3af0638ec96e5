import { progress } from '../report.ts';
import { percentile, type Measured } from '../result-row.ts';
import { runJob } from './start-job.ts';
import type { DeliverySystem } from './system.ts';

const perSecond = 200;
const count = 2_000;
const repetitions = 3;

/** How long after its publish a subscriber has an event, against how long a publish takes while nobody subscribes. */
export async function measureLatency({ natsUrl, grpcAddress, token }: DeliverySystem): Promise<Measured[]> {
  const acks: (readonly number[])[] = [];
  const deliveries: (readonly number[])[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    progress(`latency: repetition ${repetition + 1} of ${repetitions}`);
    const { ackMs } = await runJob('publish', { natsUrl, count, calls: 10, perSecond });
    const { deliveryMs } = await runJob('roundTrip', { natsUrl, address: grpcAddress, token, count, perSecond });
    acks.push(ackMs);
    deliveries.push(deliveryMs);
  }
  return [0.5, 0.99].map((share): Measured => {
    const values = deliveries.map((times) => percentile(times, share));
    const baselines = acks.map((times) => percentile(times, share));
    const goal = share === 0.99 ? { goal: { atMost: 5 } } : {};
    return { name: `publish to gRPC delivery p${share * 100} at ${perSecond}/s, by acked publish`, unit: 'ms', values, baselines, ...goal };
  });
}
