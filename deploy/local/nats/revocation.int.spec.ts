import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Account, decode, encodeAccount } from '@nats-io/jwt';
import { AuthorizationError, type NatsConnection, connect, credsAuthenticator } from '@nats-io/transport-node';
import { type TestServer, startNats } from '../src/test-servers.ts';
import { type NatsKeys, ensureNatsKeys } from './nats-keys.ts';
import { type Credentials, downstreamCredentials } from './server-for-test.ts';

let dir: string;
let server: TestServer;
let keys: NatsKeys;
const connections: NatsConnection[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-revocation-'));
  keys = await ensureNatsKeys();
  server = await startNats({ dataDir: dir });
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server.stop();
  await rm(dir, { recursive: true });
});

async function connectWith({ creds, inboxPrefix }: Credentials): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(creds));
  const connection = await connect({ servers: server.url, authenticator, inboxPrefix, reconnect: false });
  connections.push(connection);
  return connection;
}

/** As docs/runbooks/nats-downstream.md has it: the account's JWT with the user's public key in it, and a reload. */
async function revoke(userKey: string): Promise<void> {
  const file = join(dir, 'nats-server.conf');
  const config = await readFile(file, 'utf8');
  const jwt = new RegExp(`${keys.downstream.getPublicKey()}: (\\S+)`).exec(config)![1]!;
  const revocations = { [userKey]: Math.floor(Date.now() / 1_000) + 1 };
  const changed = await encodeAccount('DOWNSTREAM', keys.downstream, { ...decode<Account>(jwt).nats, revocations }, { signer: keys.operator });
  await writeFile(file, config.replace(jwt, changed));
  process.kill(server.pid, 'SIGHUP');
}

test('a credential that was revoked ends its connections with a reload, and those of others go on', async () => {
  const [leaked, other] = await Promise.all([downstreamCredentials(keys, 'downstream-acme-sub-1'), downstreamCredentials(keys, 'downstream-acme-sub-1')]);
  const [leakedConnection, otherConnection] = [await connectWith(leaked), await connectWith(other)];
  await revoke(leaked.inboxPrefix.replace('_INBOX_', ''));
  expect(String(await leakedConnection.closed().catch((error: unknown) => error))).toContain('User Authentication Revoked');
  await expect(connectWith(leaked)).rejects.toBeInstanceOf(AuthorizationError);
  await otherConnection.flush();
  expect(otherConnection.isClosed()).toBe(false);
});
