import type { Comings } from './comings.ts';
import { runNatsSubscriber } from './nats-subscriber.ts';
import type { PublishedEvents } from './published-events.ts';
import { rest } from './rest.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { DeliverySystem } from './delivery-system.ts';
import { runStreamSubscriber } from './stream-subscriber.ts';
import { createSubscriberLog, type SubscriberLog } from './subscriber-log.ts';
import type { PlannedSubscriber } from './subscriber-plan.ts';
import { connectSubscriptions } from './subscriptions.ts';
import { startEndpoints } from './webhook-endpoints.ts';
import { runWebhookSubscriber } from './webhook-subscriber.ts';

export interface SoakSubscribers {
  readonly logs: readonly SubscriberLog[];
  readonly comings: Readonly<Comings>;
  /** Resolves once all have stopped, which they do with `stop`. */
  ended(): Promise<void>;
}

export interface SoakSubscriberOptions {
  readonly plan: readonly PlannedSubscriber[];
  readonly events: PublishedEvents;
  readonly random: SeededRandom;
  readonly longestStayMs: number;
  /** Once aborted nobody goes any more. */
  readonly calm: AbortSignal;
  readonly stop: AbortSignal;
}

/** Starts all subscribers, each at its time. */
export async function startSubscribers(system: DeliverySystem, { plan, events, random, longestStayMs, calm, stop }: SoakSubscriberOptions): Promise<SoakSubscribers> {
  const endpoints = await startEndpoints(system.webhookPort);
  const subscriptions = connectSubscriptions(system.subscriptionPort, stop);
  const comings: Comings = { left: 0, broken: 0, outages: 0 };

  const run = async ({ transport, joinsAtMs }: PlannedSubscriber, log: SubscriberLog): Promise<void> => {
    const token = await system.token(log.accountId);
    await rest(joinsAtMs, AbortSignal.any([calm, stop]));
    const common = { log, token, random: random.fork(log.name), longestStayMs, comings, calm, stop };
    if (transport === 'webhook') await runWebhookSubscriber({ ...common, endpoints, subscriptions });
    else if (transport === 'nats') await runNatsSubscriber({ ...common, natsUrl: system.natsUrl, subscriptions });
    else await runStreamSubscriber({ ...common, transport, ports: system.ports });
  };
  const subscribers = plan.map((planned) => {
    const log = createSubscriberLog(planned, events);
    return { log, running: run(planned, log).catch((error: unknown) => void (stop.aborted || log.refused(String(error)))) };
  });
  return {
    logs: subscribers.map(({ log }) => log),
    comings,
    ended: async () => {
      await Promise.all(subscribers.map(({ running }) => running));
      subscriptions.close();
      await endpoints.close();
    },
  };
}
