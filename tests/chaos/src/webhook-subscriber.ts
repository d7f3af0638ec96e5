import type { Comings } from './comings.ts';
import { rest } from './rest.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SubscriberLog } from './subscriber-log.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Endpoints, Manner } from './webhook-endpoints.ts';

export interface WebhookSubscriberOptions {
  readonly log: SubscriberLog;
  readonly endpoints: Endpoints;
  readonly subscriptions: Subscriptions;
  readonly token: string;
  readonly random: SeededRandom;
  readonly comings: Comings;
  /** Once aborted it takes all that comes. */
  readonly calm: AbortSignal;
}

const wellMs = [4_000, 20_000] as const;
const unwellMs = [500, 4_000] as const;
const troubles: readonly (Exclude<Manner, 'takes'> | 'paused')[] = ['refuses', 'hangs', 'breaks off', 'paused'];

/** A webhook whose endpoint fails in every way now and then, or whose subscription is paused for a while. */
export async function runWebhookSubscriber({ log, endpoints, subscriptions, token, random, comings, calm }: WebhookSubscriberOptions): Promise<void> {
  const endpoint = endpoints.add(log.name);
  endpoint.onEvent = (event) => log.take(event, 'webhook');
  const { subscription, webhookSecret } = await subscriptions.create(log, token, { kind: { $case: 'webhook', value: { url: endpoint.url, signatureScheme: 0 } } });
  endpoint.secret = webhookSecret;
  const setPaused = (paused: boolean) => subscriptions.setPaused(token, subscription!.subscriptionId, paused);
  for (await rest(random.between(...wellMs), calm); !calm.aborted; await rest(random.between(...wellMs), calm)) {
    const trouble = random.pick(troubles);
    log.note(trouble);
    comings.outages += 1;
    if (trouble === 'paused') await setPaused(true);
    else endpoint.manner = trouble;
    await rest(random.between(...unwellMs), calm);
    if (trouble === 'paused') await setPaused(false);
    endpoint.manner = 'takes';
  }
  if (endpoint.unverified > 0) log.refused(`${endpoint.unverified} deliveries did not verify`);
}
