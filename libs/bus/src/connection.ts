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
  /**
   * Calls back each time the connection is there again after a break, until the signal aborts. A broker that was started
   * anew has forgotten its ephemeral consumers, and it would take their heartbeats to notice.
   */
  onReconnect(callback: () => void, signal: AbortSignal): void;
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
    // A server that is being reconfigured may refuse a login for a moment; giving up would leave a process that does nothing.
    ignoreAuthErrorAbort: true,
  });
  const onReconnect = new Set<() => void>();
  void (async () => {
    for await (const { type } of nc.status()) if (type === 'reconnect') for (const callback of onReconnect) callback();
  })();
  return {
    nc,
    js: jetstream(nc),
    // Services have no right to the account-wide information that the check asks for.
    jsm: await jetstreamManager(nc, { checkAPI: false }),
    onReconnect: (callback, signal) => {
      onReconnect.add(callback);
      signal.addEventListener('abort', () => onReconnect.delete(callback), { once: true });
    },
    close: async () => {
      if (!nc.isClosed()) await nc.drain();
    },
  };
}
