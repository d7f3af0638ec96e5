import { AckPolicy, DeliverPolicy, JetStreamApiCodes, JetStreamApiError, type ConsumerConfig } from '@nats-io/jetstream';
import { accountFilter, downstreamConsumerName, eventStreams, type Bus } from '@parley/bus';
import { eventClasses, type EventClass } from '../domain/event-class.ts';

/** What an account's NATS sink has. */
export interface DownstreamSink {
  readonly subscriptionId: string;
  /** How often the subscription was rewound. */
  readonly rewind: number;
  readonly classes: readonly EventClass[];
  /** By stream. */
  readonly startsAfter: Readonly<Record<string, number>>;
}

/** Deliveries that may wait for their acknowledgement; a reader that wants strict order over redeliveries takes one at a time. */
const maxAckPending = 1_000;
const ackWaitNs = 30_000_000_000;

/**
 * Marks which subscription a consumer was made for: one of an earlier subscription stands elsewhere in the stream. So
 * does one that is left of an earlier filter of the same subscription, and started elsewhere.
 */
const subscriptionMark = 'parley-subscription';

/** Marks after which rewinding it was made: one that went on since stands elsewhere, though it started at the same place. */
const rewindMark = 'parley-rewind';

/**
 * Makes, keeps or removes the durable consumers of an account, until they are what its NATS sink asks for. Idempotent.
 * @param sink undefined: the account has none.
 */
export async function provision(bus: Bus, accountId: string, sink: DownstreamSink | undefined): Promise<void> {
  for (const eventClass of eventClasses) {
    const stream = eventStreams[eventClass];
    const wanted = sink?.classes.includes(eventClass) === true ? consumerConfig(accountId, eventClass, stream, sink) : undefined;
    const existing = await find(bus, stream, downstreamConsumerName(accountId));
    if (existing !== undefined && !isSame(existing, wanted)) {
      await remove(bus, stream, downstreamConsumerName(accountId));
    }
    if (wanted !== undefined) await bus.jsm.consumers.add(stream, wanted);
  }
}

function consumerConfig(accountId: string, eventClass: EventClass, stream: string, sink: DownstreamSink): Partial<ConsumerConfig> {
  return {
    durable_name: downstreamConsumerName(accountId),
    filter_subject: accountFilter(eventClass, accountId),
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitNs,
    max_ack_pending: maxAckPending,
    max_deliver: -1,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: (sink.startsAfter[stream] ?? 0) + 1,
    metadata: { [subscriptionMark]: sink.subscriptionId, [rewindMark]: String(sink.rewind) },
  };
}

function isSame(existing: ConsumerConfig, wanted: Partial<ConsumerConfig> | undefined): boolean {
  const isMarkedSame = [subscriptionMark, rewindMark].every((mark) => existing.metadata?.[mark] === wanted?.metadata?.[mark]);
  return isMarkedSame && existing.opt_start_seq === wanted?.opt_start_seq;
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
