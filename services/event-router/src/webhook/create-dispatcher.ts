import type { Bus, PositionStore } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import type { Egress } from '@parley/egress';
import { logger } from '@parley/telemetry';
import type { Db } from 'mongodb';
import { eventsBetween } from '../bus/next-message.ts';
import { readStreamStates } from '../bus/stream-states.ts';
import type { configDefinition } from '../config.ts';
import { parseSchedule } from '../domain/retry-schedule.ts';
import { SubscriptionIndex } from '../domain/webhook-subscription.ts';
import { createBackFillRepository } from '../store/back-fill-repository.ts';
import { createDeliveryRepository } from '../store/delivery-repository.ts';
import { createGoneEndpointRepository } from '../store/gone-endpoint-repository.ts';
import { WebhookDispatcher } from './dispatcher.ts';
import { createEgressPost } from './egress-post.ts';
import { EndpointSlots } from './endpoint-slots.ts';
import { GoneEndpoints } from './gone-endpoints.ts';

const log = logger('webhook');

export interface DispatcherParts {
  readonly bus: Bus;
  readonly db: Db;
  readonly egress: Egress;
  readonly positions: PositionStore;
  readonly config: Pick<ConfigOf<typeof configDefinition>, 'webhookSchedule' | 'webhookTimeoutMs' | 'webhookConcurrency'>;
}

/** The dispatcher on the real broker, database and network. */
export async function createWebhookDispatcher({ bus, db, egress, positions, config }: DispatcherParts): Promise<WebhookDispatcher> {
  return new WebhookDispatcher({
    deliveries: await createDeliveryRepository(db),
    backFills: await createBackFillRepository(db),
    gone: new GoneEndpoints(createGoneEndpointRepository(db)),
    subscriptions: new SubscriptionIndex(),
    slots: new EndpointSlots(config.webhookConcurrency),
    sendPost: createEgressPost(egress, config.webhookTimeoutMs),
    schedule: parseSchedule(config.webhookSchedule),
    positions,
    states: () => readStreamStates(bus),
    eventsBetween: (range) => eventsBetween(bus, range, (error) => log.error({ err: error }, 'an event cannot be read')),
  });
}
