import { DiscardPolicy, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import type { EventClass } from './event-types.ts';

/** How long events are kept: the replay window, at least what the slowest consumer may need. */
export const eventWindowMs = 7 * 24 * 3600 * 1_000;
const eventWindowNs = eventWindowMs * 1_000_000;

/** The stream of each event class: one shard each until more are needed. */
export const eventStreams = {
  call: 'CALL_EVENTS',
  reaction: 'REACTION_EVENTS',
  billing: 'BILLING_EVENTS',
} as const satisfies Record<EventClass, string>;

export const subscriptionsStream = 'SUBSCRIPTIONS';
export const ledgerStream = 'LEDGER';
export const findingsStream = 'FINDINGS';

/** Buckets of leases, by the service that shares work out with them, and the registry of devices. */
export const buckets = {
  'call-router': 'leases-call-router',
  'event-router': 'leases-event-router',
  recognition: 'leases-recognition',
  billing: 'leases-billing',
  devices: 'devices',
} as const;

type Declaration = Pick<StreamConfig, 'name' | 'subjects' | 'max_age'> & Partial<StreamConfig>;

const declarations: readonly Declaration[] = [
  { name: eventStreams.call, subjects: ['evt.call.>'], max_age: eventWindowNs },
  { name: eventStreams.reaction, subjects: ['evt.reaction.>'], max_age: eventWindowNs },
  { name: eventStreams.billing, subjects: ['evt.billing.>'], max_age: eventWindowNs },
  // As long as the events that follow from them.
  { name: findingsStream, subjects: ['findings.>'], max_age: eventWindowNs },
  // The last state of each subscription is all that a replica needs to know.
  { name: subscriptionsStream, subjects: ['sub.>'], max_age: 0, max_msgs_per_subject: 1 },
  // Every money command, without age limit: the ledger can be rebuilt from it.
  { name: ledgerStream, subjects: ['ledger.>'], max_age: 0 },
];

/**
 * Declares every stream and bucket; the platform runs it once before the services, which have no right to.
 * Idempotent: an existing stream is brought to its declaration.
 * @param replicas copies of each message: 1 on one machine, 3 in a cluster.
 */
export async function declareStreams(nc: NatsConnection, jsm: JetStreamManager, replicas = 1): Promise<void> {
  for (const declaration of declarations) await declareStream(jsm, { ...declaration, num_replicas: replicas });
  const kvm = new Kvm(nc);
  for (const bucket of Object.values(buckets)) {
    await kvm.create(bucket, { history: 1, storage: StorageType.File, replicas });
  }
}

async function declareStream(jsm: JetStreamManager, declaration: Declaration): Promise<void> {
  const config: Declaration = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    allow_direct: true,
    ...declaration,
  };
  const existing = await jsm.streams.info(declaration.name).catch((error: unknown) => {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  });
  if (existing === undefined) await jsm.streams.add(config);
  else await jsm.streams.update(declaration.name, config);
}

const streamNotFoundCode = 10059;

function isStreamNotFound(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === streamNotFoundCode;
}
