import { randomBytes, randomUUID } from 'node:crypto';
import { eventStreams, subscriptionSubject, type Bus } from '@parley/bus';
import { SubscriptionChanged, type WebhookSigningKey } from '@parley/contracts';
import { everyEvent, toEventFilterMessage, type EventFilter } from '@parley/filters';
import { knownSecrets } from './webhook-receiver.ts';

export interface WebhookHandle {
  readonly subscriptionId: string;
  /** Of its endpoint. */
  readonly path: string;
  readonly secret: string;
  update(change: { readonly paused?: boolean; readonly filter?: EventFilter; readonly signingKeys?: readonly Partial<WebhookSigningKey>[] }): Promise<void>;
  /** It is to be delivered again, from behind these positions. */
  rewind(startsAfter: Readonly<Record<string, number>>): Promise<void>;
  delete(): Promise<void>;
}

export interface NewWebhook {
  readonly accountId?: string;
  /** The receiver's; the endpoint is a path below it. */
  readonly url: string;
  readonly filter?: EventFilter;
  /** Default: the streams' ends. */
  readonly startsAfter?: Readonly<Record<string, number>>;
}

/** Makes a subscription known on the bus, as the subscription service does, which need not run for it. */
export async function subscribeWebhook(bus: Bus, { accountId = 'acme', url, filter = everyEvent, startsAfter }: NewWebhook): Promise<WebhookHandle> {
  const subscriptionId = `sub-${randomUUID()}`;
  const path = `/${subscriptionId}`;
  const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`;
  knownSecrets.set(path, webhookSecret);
  let revision = 0n;
  let state = { filter, paused: false, signingKeys: [] as readonly Partial<WebhookSigningKey>[], rewind: 0n, positions: startsAfter ?? (await streamEnds(bus)) };
  const publish = async (deleted = false) => {
    revision += 1n;
    const change = SubscriptionChanged.fromPartial({
      accountId,
      deleted,
      revision,
      webhookSecret,
      webhookSigningKeys: [...state.signingKeys],
      rewind: state.rewind,
      subscription: {
        subscriptionId,
        paused: state.paused,
        filter: toEventFilterMessage(state.filter),
        sink: { kind: { $case: 'webhook', value: { url: `${url}${path}` } } },
        startsAfter: Object.entries(state.positions).map(([stream, sequence]) => ({ stream, sequence: BigInt(sequence) })),
      },
    });
    await bus.js.publish(subscriptionSubject(accountId, subscriptionId), SubscriptionChanged.encode(change).finish());
  };
  await publish();
  return {
    subscriptionId,
    path,
    secret: webhookSecret,
    rewind: async (positions) => {
      state = { ...state, positions, rewind: state.rewind + 1n };
      await publish();
    },
    update: async (change) => {
      state = { ...state, ...change };
      await publish();
    },
    delete: () => publish(true),
  };
}

/** By stream: the last sequence. */
export async function streamEnds(bus: Bus): Promise<Record<string, number>> {
  const ends = await Promise.all(Object.values(eventStreams).map(async (stream) => [stream, (await bus.jsm.streams.info(stream)).state.last_seq] as const));
  return Object.fromEntries(ends);
}
