import { AckPolicy, DeliverPolicy, JetStreamApiCodes, JetStreamApiError, type ConsumerConfig } from '@nats-io/jetstream';
import { accountFilter, downstreamConsumerName, eventStreams, type Bus } from '@parley/bus';
import { eventClasses, type EventClass } from '../domain/event-class.ts';

/** What a NATS sink has. */
export interface DownstreamSink {
  /** How often the subscription was rewound. */
  readonly rewind: number;
  readonly classes: readonly EventClass[];
  /** By stream. */
  readonly startsAfter: Readonly<Record<string, number>>;
}

/** Deliveries that may wait for their acknowledgement; a reader that wants strict order over redeliveries takes one at a time. */
const maxAckPending = 1_000;
const ackWaitNs = 30_000_000_000;

/** What the consumers of a subscription with a NATS sink are called, and whose events they are for. */
export interface DownstreamSubscription {
  readonly accountId: string;
  readonly subscriptionId: string;
}

/** Marks after which rewinding it was made: one that went on since stands elsewhere, though it started at the same place. */
const rewindMark = 'parley-rewind';

/**
 * Makes, keeps or removes the durable consumers of a subscription, until they are what its NATS sink asks for. Idempotent.
 * @param sink undefined: the subscription is gone.
 */
export async function provision(bus: Bus, { accountId, subscriptionId }: DownstreamSubscription, sink: DownstreamSink | undefined): Promise<void> {
  const name = downstreamConsumerName(accountId, subscriptionId);
  for (const eventClass of eventClasses) {
    const stream = eventStreams[eventClass];
    const wanted = sink?.classes.includes(eventClass) === true ? consumerConfig(name, accountFilter(eventClass, accountId), { startsAfter: sink.startsAfter[stream] ?? 0, rewind: sink.rewind }) : undefined;
    const existing = await find(bus, stream, name);
    if (existing !== undefined && !isSame(existing, wanted)) await remove(bus, stream, name);
    if (wanted !== undefined) await bus.jsm.consumers.add(stream, wanted);
  }
}

function consumerConfig(name: string, filter: string, { startsAfter, rewind }: { readonly startsAfter: number; readonly rewind: number }): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    filter_subject: filter,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitNs,
    max_ack_pending: maxAckPending,
    max_deliver: -1,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: startsAfter + 1,
    metadata: { [rewindMark]: String(rewind) },
  };
}

/** One that is left of an earlier filter of the subscription started elsewhere. */
function isSame(existing: ConsumerConfig, wanted: Partial<ConsumerConfig> | undefined): boolean {
  return existing.metadata?.[rewindMark] === wanted?.metadata?.[rewindMark] && existing.opt_start_seq === wanted?.opt_start_seq;
}

async function find(bus: Bus, stream: string, name: string): Promise<ConsumerConfig | undefined> {
  try {
    return (await bus.jsm.consumers.info(stream, name)).config;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function remove(bus: Bus, stream: string, name: string): Promise<void> {
  try {
    await bus.jsm.consumers.delete(stream, name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound;
}
