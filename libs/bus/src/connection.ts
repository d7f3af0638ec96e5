import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';

export interface BusConfig {
  /** One or more servers, separated by commas. */
  readonly url: string;
  /** Empty: a broker without users. */
  readonly user: string;
  readonly password: string;
  /** Shows in the server's connection list. */
  readonly name: string;
}

/** A connection to the broker and its JetStream clients. */
export interface Bus {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** Finishes what is in flight, then closes. */
  close(): Promise<void>;
}

/** Connects, and goes on reconnecting for as long as the process lives: a broker's restart is no reason to die. */
export async function connectBus({ url, user, password, name }: BusConfig): Promise<Bus> {
  const nc = await connect({
    servers: url.split(','),
    name,
    // Each user may listen on its own inboxes only.
    ...(user === '' ? {} : { user, pass: password, inboxPrefix: `_INBOX_${user}` }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
  });
  return {
    nc,
    js: jetstream(nc),
    // Services have no right to the account-wide information that the check asks for.
    jsm: await jetstreamManager(nc, { checkAPI: false }),
    close: async () => {
      if (!nc.isClosed()) await nc.drain();
    },
  };
}
