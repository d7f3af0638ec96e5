// A downstream service: reads its account's durable consumers and acknowledges what it has taken.
import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

export interface NatsConsumerOptions {
  readonly url: string;
  readonly account: string;
  readonly user: string;
  readonly password: string;
  /** Of CreateSubscription's answer. */
  readonly consumerName: string;
  readonly streams: readonly string[];
  readonly onEvent: (event: NatsEvent) => void;
}

/** The CloudEvents attributes; the payload is the protobuf message that `dataschema` names. */
export interface NatsEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string;
  /** Not the first attempt: it may be a repeat, or come behind later ones. */
  readonly redelivered: boolean;
  readonly payload: Uint8Array;
}

export interface NatsConsumer {
  close(): Promise<void>;
}

/** Reads each stream in its order; a message that was not acknowledged comes again. */
export async function consumeFromNats(options: NatsConsumerOptions): Promise<NatsConsumer> {
  const { url, account, user, password } = options;
  const nc = await connect({
    servers: url,
    user,
    pass: password,
    inboxPrefix: `_INBOX_${account}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
  });
  try {
    const readings = await startReading(nc, options);
    return {
      close: async () => {
        for (const messages of readings) await messages.close();
        // Acknowledgements that are on their way go first; a connection that is down has none.
        await nc.drain().catch(() => nc.close());
      },
    };
  } catch (error) {
    await nc.close();
    throw error;
  }
}

async function startReading(nc: NatsConnection, { streams, consumerName, onEvent }: NatsConsumerOptions): Promise<readonly ConsumerMessages[]> {
  // A downstream service has a NATS account of its own and sees Parley's streams as the JetStream domain `parley`.
  const js = jetstream(nc, { domain: 'parley' });
  const readings: ConsumerMessages[] = [];
  for (const stream of streams) {
    const messages = await (await js.consumers.get(stream, consumerName)).consume();
    readings.push(messages);
    void (async () => {
      for await (const message of messages) {
        onEvent(eventOf(message));
        message.ack();
      }
    })();
  }
  return readings;
}

function eventOf(message: JsMsg): NatsEvent {
  const header = (name: string) => message.headers?.get(`ce-${name}`) ?? '';
  return {
    id: header('id'),
    source: header('source'),
    type: header('type'),
    subject: header('subject'),
    sequence: header('sequence'),
    redelivered: message.info.deliveryCount > 1,
    payload: message.data,
  };
}
