import { type Consumer, type JsMsg, StorageType, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import {
  type ConnectionOptions,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  connect,
  credsAuthenticator,
} from '@nats-io/transport-node';
import { type KeyPair, createUser, encodeUser, fmtCreds } from '@nats-io/jwt';
import { startNats } from '../src/test-servers.ts';
import { natsLogin } from './login.ts';
import { type NatsKeys, ensureNatsKeys, platformUser } from './nats-keys.ts';
import { inboxPrefix } from './permissions.ts';

const streams = {
  CALL_EVENTS: 'evt.call.>',
  REACTION_EVENTS: 'evt.reaction.>',
  BILLING_EVENTS: 'evt.billing.>',
  SUBSCRIPTIONS: 'sub.>',
  LEDGER: 'ledger.>',
  FINDINGS: 'findings.>',
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
  readonly url: string;
  readonly keys: NatsKeys;
  as(user: string): Promise<NatsConnection>;
  /** As whoever holds the credentials; it does not connect again when it was disconnected. */
  with(credentials: Credentials): Promise<NatsConnection>;
  stop(): Promise<void>;
}

/** A user that was made after the server started. */
export interface Credentials {
  /** A credentials file. */
  readonly creds: string;
  readonly inboxPrefix: string;
}

export interface CredentialOptions {
  /** Of the user's JWT. */
  readonly claims?: Parameters<typeof encodeUser>[3];
  readonly expireTimeS?: number;
  /** Whose users it is one of; by default, downstream services. */
  readonly account?: KeyPair;
  readonly signer?: KeyPair;
}

/** Credentials as the subscription service makes them, for the consumer of that name; or forged ones. */
export async function downstreamCredentials(keys: NatsKeys, consumer: string, options: CredentialOptions = {}): Promise<Credentials> {
  const { claims = {}, expireTimeS, account = keys.downstream, signer = keys.signers.downstream } = options;
  const user = createUser();
  const expiry = expireTimeS === undefined ? {} : { exp: expireTimeS };
  const jwt = await encodeUser(consumer, user, account, claims, { signer, scopedUser: true, ...expiry });
  return { creds: new TextDecoder().decode(fmtCreds(jwt, user)), inboxPrefix: inboxPrefix(user.getPublicKey()) };
}

/** Starts a server for one spec and declares on it what `platform` declares. */
export async function prepareServer(extraConfig = ''): Promise<PreparedServer> {
  const server = await startNats({ extraConfig });
  const connections: NatsConnection[] = [];
  const open = async (login: ConnectionOptions) => {
    const connection = await connect({ servers: server.url, ...login });
    connections.push(connection);
    return connection;
  };
  const as = (user: string) => open(natsLogin(user));

  const platform = await as(platformUser);
  const manager = await jetstreamManager(platform);
  for (const [name, subject] of Object.entries(streams)) {
    await manager.streams.add({ name, subjects: [subject], storage: StorageType.File, allow_direct: true });
  }
  for (const bucket of buckets) await new Kvm(jetstream(platform)).create(bucket, { markerTTL: 1000 });

  return {
    url: server.url,
    keys: await ensureNatsKeys(),
    as,
    with: ({ creds, inboxPrefix: prefix }) =>
      open({ authenticator: credsAuthenticator(new TextEncoder().encode(creds)), inboxPrefix: prefix, reconnect: false }),
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
