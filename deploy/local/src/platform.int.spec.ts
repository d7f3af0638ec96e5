import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { MongoClient } from 'mongodb';
import { natsLogin } from '../nats/login.ts';
import { downstreamVariables, natsCredsFile, natsKeysDir } from '../nats/nats-keys.ts';
import { type KeyFiles, ensureKeys } from './keys.ts';
import { describePlatform } from './platform.ts';
import { freePorts } from './ports.ts';
import { silentProgress } from './progress.ts';
import { startSupervisor } from './supervisor.ts';
import { ensureTools } from './tools.ts';

let dataDir: string;
let keys: KeyFiles;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-platform-'));
  // NATS' keys take long to make: this machine's.
  keys = await ensureKeys(join(dataDir, 'keys'), natsKeysDir);
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('NATS and the database', () => {
  test('start, keep what they have through kill -9, and declare the streams again without harm', async () => {
    await ensureTools();
    const ports = await freePorts();
    const { specs, logDir, natsUrl, mongodbUrl } = await describePlatform({ ports, keys, dataDir, env: {} });
    const infrastructure = specs.filter(({ name }) => ['nats-server', 'mongowire', 'declare-streams'].includes(name));

    for (const run of [1, 2]) {
      const supervisor = await startSupervisor(infrastructure, { logDir, progress: silentProgress });
      const nats = await connect({ servers: natsUrl, ...natsLogin('platform') });
      const mongo = await MongoClient.connect(mongodbUrl);
      const streams = (await jetstreamManager(nats)).streams;
      const runs = mongo.db('test').collection<{ _id: number }>('runs');

      const last = await streams.getMessage('LEDGER', { last_by_subj: 'ledger.acme' });
      expect(last?.json() ?? 0).toBe(run - 1);
      expect(await runs.countDocuments()).toBe(run - 1);
      await nats.request('ledger.acme', JSON.stringify(run));
      await runs.insertOne({ _id: run });

      for (const name of ['nats-server', 'mongowire']) {
        await supervisor.signal(name, 'SIGKILL');
        await supervisor.ready(name);
      }
      expect(await runs.countDocuments()).toBe(run);
      await nats.close();
      await mongo.close();
      await supervisor.stop();
    }
  });
});

describe('services', () => {
  test('each replica has its own name, ports and spans, and its service\'s user and database', async () => {
    const ports = await freePorts({ replicas: 2 });
    const { specs } = await describePlatform({ ports, keys, dataDir, databasePrefix: 't1', env: {} });
    const second = specs.find(({ name }) => name === 'call-router-2');
    const [billing1, billing2] = ports.services.billing;
    expect(specs).toHaveLength(3 + 10);
    expect(second).toMatchObject({
      dependsOn: ['nats-server', 'mongowire', 'declare-streams'],
      ports: [ports.services['call-router'][1]?.grpc, ports.services['call-router'][1]?.http],
      health: { url: `http://127.0.0.1:${ports.services['call-router'][1]?.http}/readyz` },
      env: {
        INSTANCE_NAME: 'call-router-2',
        NATS_URL: `nats://127.0.0.1:${ports.nats}`,
        NATS_CREDS_FILE: natsCredsFile('call-router'),
        MONGODB_URL: `mongodb://127.0.0.1:${ports.mongodb}/`,
        MONGODB_DATABASE: 't1_call_router',
        BILLING_ADDRESS: `127.0.0.1:${billing1?.grpc},127.0.0.1:${billing2?.grpc}`,
        SIGNING_KEY_FILE: keys.signingKey,
        JWKS_FILE: keys.jwks,
      },
    });
    expect(new Set(specs.map(({ env }) => env?.['SPANS_FILE'])).size).toBe(1 + 10);
  });

  test('only the call router gets the key that tokens are signed with', async () => {
    const { specs } = await describePlatform({ ports: await freePorts(), keys, dataDir, env: {} });
    const holders = specs.filter(({ env = {} }) => Object.values(env).includes(keys.signingKey));
    expect(holders.map(({ name }) => name)).toEqual(['call-router-1']);
  });

  test("only the subscription service gets the key that downstream services' credentials are signed with", async () => {
    const { specs } = await describePlatform({ ports: await freePorts(), keys, dataDir, env: {} });
    const file = downstreamVariables()['NATS_DOWNSTREAM_SIGNING_KEY_FILE'];
    const holders = specs.filter(({ env = {} }) => Object.values(env).some((value) => value === file));
    expect(holders.map(({ name }) => name)).toEqual(['subscription-1']);
  });

  test('use servers that are named by NATS_URL and MONGODB_URL, and then none is started here', async () => {
    const env = { NATS_URL: 'nats://broker:4222', MONGODB_URL: 'mongodb://database:27017/' };
    const { specs } = await describePlatform({ ports: await freePorts(), keys, dataDir, env });
    expect(specs.map(({ name }) => name)).toEqual([
      'declare-streams',
      'call-router-1',
      'event-router-1',
      'subscription-1',
      'recognition-1',
      'billing-1',
    ]);
    expect(specs.at(-1)).toMatchObject({ env, dependsOn: ['declare-streams'] });
    expect(specs[0]).toMatchObject({ env: { NATS_URL: env.NATS_URL, NATS_CREDS_FILE: natsCredsFile('platform') }, dependsOn: [] });
  });
});
