import { consumeFromNats, type NatsEvent } from '@parley/examples';
import type { Comings } from './comings.ts';
import { rest } from './rest.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SubscriberLog } from './subscriber-log.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface NatsSubscriberOptions {
  readonly log: SubscriberLog;
  readonly natsUrl: string;
  readonly subscriptions: Subscriptions;
  readonly token: string;
  readonly random: SeededRandom;
  readonly longestStayMs: number;
  readonly comings: Comings;
  readonly calm: AbortSignal;
  readonly stop: AbortSignal;
}

const shortestStayMs = 2_000;
const awayMs = [500, 4_000] as const;
const retryMs = 300;

/** A downstream service that reads its account's durable consumers, and comes and goes. */
export async function runNatsSubscriber({ log, natsUrl, subscriptions, token, random, longestStayMs, comings, calm, stop }: NatsSubscriberOptions): Promise<void> {
  const credential = await subscriptions.createNats(log, token);
  const onEvent = ({ id, source, sequence, type, redelivered }: NatsEvent) => log.take({ id, source, sequence: BigInt(sequence), type, redelivered }, 'nats');
  while (!stop.aborted) {
    try {
      const consumer = await consumeFromNats({ url: natsUrl, credential, onEvent });
      await rest(random.between(shortestStayMs, longestStayMs), AbortSignal.any([calm, stop]));
      if (calm.aborted) await untilAborted(stop);
      await consumer.close();
      comings.left += 1;
      log.note('left');
    } catch (error) {
      comings.broken += 1;
      log.note(`broken: ${(error as Error).message}`);
      await rest(retryMs, stop);
    }
    await rest(random.between(...awayMs), AbortSignal.any([calm, stop]));
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
