import { type Consumer, type JsMsg, StorageType, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import {
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  connect,
} from '@nats-io/transport-node';
import { startNats } from '../src/test-servers.ts';
import { natsLogin } from './login.ts';
import { platformUser } from './server-config.ts';

const streams = {
  CALL_EVENTS: 'evt.call.>',
  REACTION_EVENTS: 'evt.reaction.>',
  BILLING_EVENTS: 'evt.billing.>',
  SUBSCRIPTIONS: 'sub.>',
  LEDGER: 'ledger.>',
};
const buckets = [
  'leases-call-router',
  'leases-event-router',
  'leases-recognition',
  'leases-billing',
  'devices',
];

/** A nats-server with Parley's streams and buckets, and connections to it as any of its users. */
export interface PreparedServer {
  as(user: string): Promise<NatsConnection>;
  stop(): Promise<void>;
}

/** Starts a server for one spec and declares on it what `platform` declares. */
export async function prepareServer(extraConfig = ''): Promise<PreparedServer> {
  const server = await startNats({ extraConfig });
  const connections: NatsConnection[] = [];
  const as = async (user: string) => {
    const connection = await connect({ servers: server.url, ...natsLogin(user) });
    connections.push(connection);
    return connection;
  };

  const platform = await as(platformUser);
  const manager = await jetstreamManager(platform);
  for (const [name, subject] of Object.entries(streams)) {
    await manager.streams.add({ name, subjects: [subject], storage: StorageType.File, allow_direct: true });
  }
  for (const bucket of buckets) await new Kvm(jetstream(platform)).create(bucket, { markerTTL: 1000 });

  return {
    as,
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.stop();
    },
  };
}

/** What came of a request: an answer's text, that nobody listens there, or that it was not permitted. */
export type Outcome = { readonly answer: string } | 'nobody listens' | 'refused';

export async function ask(connection: NatsConnection, subject: string, payload = ''): Promise<Outcome> {
  try {
    return { answer: (await connection.request(subject, payload)).string() };
  } catch (error) {
    if (isRefusal(error)) return 'refused';
    if (error instanceof RequestError && error.isNoResponders()) return 'nobody listens';
    if (error instanceof NoRespondersError) return 'nobody listens';
    throw error;
  }
}

/** Whether the server refused what a user tried. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof PermissionViolationError ||
    (error instanceof Error && error.cause !== undefined && isRefusal(error.cause))
  );
}

/** Subscribes and tells whether that was permitted. */
export async function canSubscribe(connection: NatsConnection, subject: string): Promise<boolean> {
  let refused = false;
  const subscription = connection.subscribe(subject, {
    callback: (error) => {
      refused ||= error !== null;
    },
  });
  await connection.flush();
  subscription.unsubscribe();
  return !refused;
}

/** Takes `count` messages from a consumer that is known to have them. */
export async function take(consumer: Consumer, count: number): Promise<JsMsg[]> {
  const taken: JsMsg[] = [];
  const messages = await consumer.consume();
  for await (const message of messages) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

/** How many messages each stream holds. */
export async function streamSizes(platform: NatsConnection): Promise<Record<string, number>> {
  const manager = await jetstreamManager(platform);
  const sizes = await Promise.all(
    Object.keys(streams).map(async (name) => [name, (await manager.streams.info(name)).state.messages] as const),
  );
  return Object.fromEntries(sizes);
}
