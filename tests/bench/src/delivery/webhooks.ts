import { randomUUID } from 'node:crypto';
import { CreateSubscriptionRequest, DeleteSubscriptionRequest } from '@parley/contracts';
import { progress } from '../report.ts';
import type { Measured } from '../result-row.ts';
import { runJob, startJob } from './start-job.ts';
import type { DeliverySystem } from './system.ts';

const count = 5_000;
const calls = 200;
const repetitions = 5;
/** Of a body: what the CloudEvents JSON of the events here has. */
const bytes = 750;

/**
 * Webhooks, signed and durable, against bare POSTs of as many bytes to the same receiver. The events are published while the
 * router is paused (for less than its lease lasts), and delivered when it goes on: else the rate would be the broker's,
 * which syncs each publish to its disk.
 */
export async function measureWebhooks(system: DeliverySystem): Promise<Measured[]> {
  const receiver = startJob('receiveWebhooks', { port: system.receiverPort });
  try {
    await receiver.ready;
    const url = `http://127.0.0.1:${system.receiverPort}/`;
    const { subscription } = await system.subscriptions.createSubscription(
      CreateSubscriptionRequest.fromPartial({ requestId: randomUUID(), filter: { types: ['call.*'] }, sink: { kind: { $case: 'webhook', value: { url } } } }),
    );
    const values: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      progress(`webhooks: repetition ${repetition + 1} of ${repetitions}`);
      values.push(await received(url, () => system.whileRouterIsPaused(() => runJob('publish', { natsUrl: system.natsUrl, count, calls, perSecond: 0 }))));
    }
    await system.subscriptions.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId: subscription!.subscriptionId }));
    const baselines: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      baselines.push(await received(url, () => runJob('postBare', { url, count, concurrency: system.webhookConcurrency, bytes })));
    }
  return [{ name: 'webhooks to one endpoint, by bare POSTs', unit: 'deliveries/s', values, baselines, goal: { atLeast: 0.5 } }];
  } finally {
    await receiver.stop();
  }
}

/** Deliveries a second, from the first that arrives to the last. */
async function received(url: string, send: () => Promise<unknown>): Promise<number> {
  const response = await fetch(`${url}expect?count=${count}`);
  await send();
  const { elapsedMs } = (await response.json()) as { readonly elapsedMs: number };
  return ((count - 1) * 1_000) / elapsedMs;
}
