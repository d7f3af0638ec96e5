import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { credsAuthenticator, type ConnectionOptions, type NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { inboxPrefix } from './subjects.ts';

export interface BusConfig {
  /** One or more servers, separated by commas. */
  readonly url: string;
  /** File with the credentials of the broker's user; empty: a broker without users. */
  readonly credsFile: string;
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
export async function connectBus({ url, credsFile, name }: BusConfig): Promise<Bus> {
  const login = credsFile === '' ? {} : await fileLogin(credsFile);
  const nc = await connect({
    servers: url.split(','),
    name,
    ...login,
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

async function fileLogin(credsFile: string): Promise<Pick<ConnectionOptions, 'authenticator' | 'inboxPrefix'>> {
  return {
    // Read again for each connection, so that credentials may be renewed under a running process.
    authenticator: credsAuthenticator(() => readFileSync(credsFile)),
    // Each user may listen on its own inboxes only.
    inboxPrefix: inboxPrefix(userName(await readFile(credsFile, 'utf8'))),
  };
}

/** The name in the user's JWT, which is the first of the two blocks of a credentials file. */
function userName(creds: string): string {
  const claims = /-----BEGIN NATS USER JWT-----\s+[^.]+\.([^.]+)\./.exec(creds)?.[1];
  if (claims === undefined) throw new Error('the file with the credentials of the broker has no user JWT');
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { name: string }).name;
}
