import type { Bus, PositionStore } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import type { Egress } from '@parley/egress';
import { attributeNames, gauge, logger } from '@parley/telemetry';
import type { Db } from 'mongodb';
import { eventsBetween } from '../bus/next-message.ts';
import { readStreamStates } from '../bus/stream-states.ts';
import type { configDefinition } from '../config.ts';
import { parseSchedule } from '../domain/retry-schedule.ts';
import { SubscriptionIndex } from '../domain/webhook-subscription.ts';
import { createAttemptRepository } from '../store/attempt-repository.ts';
import { createBackFillRepository } from '../store/back-fill-repository.ts';
import { createCircuitRepository } from '../store/circuit-repository.ts';
import { createDeadLetterRepository } from '../store/dead-letter-repository.ts';
import { createDeliveryRepository } from '../store/delivery-repository.ts';
import { createGapRepository } from '../store/gap-repository.ts';
import { createGoneEndpointRepository } from '../store/gone-endpoint-repository.ts';
import { createReloadRepository } from '../store/reload-repository.ts';
import { AttemptLog } from './attempt-log.ts';
import { createDeliveryWriter } from './delivery-writer.ts';
import { WebhookDispatcher } from './dispatcher.ts';
import { createEgressPost } from './egress-post.ts';
import { EndpointGates } from './endpoint-gates.ts';
import { GoneEndpoints } from './gone-endpoints.ts';
import { watchReloads } from './reload-watch.ts';
import { SharedCircuits } from './shared-circuits.ts';
import { newMemoryBudget } from './unstored-deliveries.ts';
import type { WebhookOperations } from './webhook-operations.ts';

const log = logger('webhook');

/** A delivery that is not over after so long costs a write to the database; */
const spillAfterMs = 250;
/** … one of an endpoint that answers, and has more to do than it may have requests at a time, after so long. */
const spillMovingAfterMs = 5_000;
const usualUnstored = 1_000;
const maxUnstored = 10_000;
const maxUnstoredBytes = 64 * 1024 * 1024;

export interface WebhookParts {
  readonly bus: Bus;
  readonly db: Db;
  readonly egress: Egress;
  readonly positions: PositionStore;
  /** Of this replica. */
  readonly instance: string;
  readonly config: Pick<
    ConfigOf<typeof configDefinition>,
    'webhookSchedule' | 'webhookTimeoutMs' | 'webhookConcurrency' | 'webhookMaxBytes' | 'webhookCircuitFailures' | 'webhookCircuitPauses' | 'webhookGiveUpAfter'
  >;
}

export interface Webhooks {
  readonly dispatcher: WebhookDispatcher;
  readonly operations: WebhookOperations;
  /** After the last partition was given up. */
  close(): Promise<void>;
}

/** Webhooks on the real broker, database and network. */
export async function createWebhooks({ bus, db, egress, positions, instance, config }: WebhookParts): Promise<Webhooks> {
  const deliveries = await createDeliveryRepository(db);
  const deadLetters = await createDeadLetterRepository(db);
  const logs = createAttemptRepository(db);
  const reloads = createReloadRepository(db);
  const circuits = new SharedCircuits(createCircuitRepository(db), instance);
  const attempts = new AttemptLog(logs);
  const gone = new GoneEndpoints(createGoneEndpointRepository(db));
  const subscriptions = new SubscriptionIndex();
  const circuit = { failures: config.webhookCircuitFailures, pausesMs: parseSchedule(config.webhookCircuitPauses) };
  const [patienceMs] = parseSchedule(config.webhookGiveUpAfter) as [number];
  const gates = new EndpointGates({ concurrency: config.webhookConcurrency, circuit, patienceMs }, (id, changed) => circuits.changed(id, changed));
  const states = () => readStreamStates(bus);
  const eventsOf: WebhookOperations['eventsBetween'] = (range) =>
    eventsBetween(bus, range, (error) => log.error({ err: error }, 'an event cannot be read'));
  const dispatcher = new WebhookDispatcher({
    deliveries,
    deadLetters,
    gaps: await createGapRepository(db),
    backFills: await createBackFillRepository(db),
    logs,
    attempts,
    gone,
    subscriptions,
    gates,
    writer: createDeliveryWriter(deliveries),
    budget: newMemoryBudget(maxUnstored, maxUnstoredBytes, usualUnstored),
    spillAfterMs,
    spillMovingAfterMs,
    sendPost: createEgressPost(egress, config.webhookTimeoutMs),
    schedule: parseSchedule(config.webhookSchedule),
    maxBodyBytes: config.webhookMaxBytes,
    positions,
    states,
    eventsBetween: eventsOf,
  });
  const watch = watchReloads(reloads, (partition) => dispatcher.reload(partition));
  const removeGauges = addGauges(dispatcher, gates);
  const operations = { subscriptions, deliveries, deadLetters, logs, reloads, gates, gone, circuits, states, eventsBetween: eventsOf, bus, unstoredOf: (id: string) => dispatcher.unstoredOf(id) };
  return {
    dispatcher,
    operations,
    close: async () => {
      removeGauges();
      await watch.stop();
      await attempts.close();
    },
  };
}

function addGauges(dispatcher: WebhookDispatcher, gates: EndpointGates): () => void {
  const remove = [
    gauge('parley.webhook.pending', () => dispatcher.pending),
    gauge('parley.webhook.circuits', () => Object.entries(gates.counts()).map(([state, value]) => ({ value, labels: { [attributeNames.circuitState]: state } }))),
  ];
  return () => remove.forEach((one) => one());
}
