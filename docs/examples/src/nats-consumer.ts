// A downstream service: reads the durable consumers of its account's NATS sink and acknowledges what it has taken.
import { jetstream, type ConsumerMessages } from '@nats-io/jetstream';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
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
  readonly payload: Uint8Array;
}

export interface NatsConsumer {
  close(): Promise<void>;
}

/** Reads each stream in its order; a message that was not acknowledged comes again. */
export async function consumeFromNats({ url, credential, onEvent }: NatsConsumerOptions): Promise<NatsConsumer> {
  const nc = await connect({
    servers: url,
    authenticator: credsAuthenticator(new TextEncoder().encode(credential.credentials)),
    inboxPrefix: credential.inboxPrefix,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
  });
  // Downstream services have a NATS account of their own and see Parley's streams as a JetStream domain.
  const js = jetstream(nc, { domain: credential.jetstreamDomain });
  const readings: ConsumerMessages[] = [];
  for (const stream of credential.streams) {
    const consumer = await js.consumers.get(stream, credential.consumerName);
    const messages = await consumer.consume();
    readings.push(messages);
    void (async () => {
      for await (const message of messages) {
        const header = (name: string) => message.headers?.get(`ce-${name}`) ?? '';
        onEvent({
          id: header('id'),
          source: header('source'),
          type: header('type'),
          subject: header('subject'),
          sequence: header('sequence'),
          payload: message.data,
        });
        message.ack();
      }
    })();
  }
  return {
    close: async () => {
      for (const messages of readings) await messages.close();
      await nc.drain();
    },
  };
}
