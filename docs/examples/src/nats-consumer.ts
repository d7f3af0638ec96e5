// A downstream service: reads the durable consumers of its account's NATS sink and acknowledges what it has taken.
import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import type { CreateNatsCredentialResponse } from '@parley/contracts';

export interface NatsConsumerOptions {
  readonly url: string;
  readonly credential: CreateNatsCredentialResponse;
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
  const { url, credential } = options;
  const nc = await connect({
    servers: url,
    authenticator: credsAuthenticator(new TextEncoder().encode(credential.credentials)),
    inboxPrefix: credential.inboxPrefix,
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

async function startReading(nc: NatsConnection, { credential, onEvent }: NatsConsumerOptions): Promise<readonly ConsumerMessages[]> {
  // Downstream services have a NATS account of their own and see Parley's streams as a JetStream domain.
  const js = jetstream(nc, { domain: credential.jetstreamDomain });
  const readings: ConsumerMessages[] = [];
  for (const stream of credential.streams) {
    const messages = await (await js.consumers.get(stream, credential.consumerName)).consume();
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
