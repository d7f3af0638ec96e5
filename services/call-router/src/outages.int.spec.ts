import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectBus, declareStreams, type Bus } from '@parley/bus';
import { EndCause } from '@parley/contracts';
import { natsCredsFile, startMongowire, startNats } from '@parley/local';
import { eventually, testKeys } from '@parley/testing';
import { testApplicationServer } from './test-support/application-server.ts';
import { endedCall, typesOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type StartedRouter } from './test-support/started-router.ts';
import { answerNext, createTenant, placeCall } from './test-support/tenant.ts';
import type { TestDevice } from './test-support/test-device.ts';

type Server = Awaited<ReturnType<typeof startNats>>;

/** A broker and a database that may be killed and come back with what they had. */
let folder = '';
let broker: Server;
let database: Server;
let platform: Bus;
const startBroker = (port?: number) => startNats({ dataDir: join(folder, 'nats'), ...(port === undefined ? {} : { port }) });
const startDatabase = (port?: number) => startMongowire({ dataDir: join(folder, 'mongo'), ...(port === undefined ? {} : { port }) });
const login = (user: string) => ({ url: broker.url, credsFile: natsCredsFile(user) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-outages-'));
  [broker, database] = await Promise.all([startBroker(), startDatabase()]);
  platform = await connectBus({ ...login('platform'), name: 'test' });
  await declareStreams(platform.nc, platform.jsm);
});

const keys = testKeys();
const routers = testRouters({
  nats: { login },
  database: {
    get url() {
      return database.url;
    },
    name: 'outages',
  },
  keys,
});
const app = testApplicationServer();
let east: StartedRouter;
let alice: TestDevice;
let bob: TestDevice;

beforeAll(async () => {
  // The second one is there to take the first one for dead, if it ever looked so.
  [east] = await Promise.all([routers.start({ EGRESS_ALLOW: app.host }), routers.start({ EGRESS_ALLOW: app.host })]);
  await createTenant(east, app);
  app.twiml('/voice', (voice) => void voice.dial().client('bob'));
});

// After those of testRouters, which were registered before: the routers stop while there is a broker.
afterAll(async () => {
  await platform.close();
  await Promise.all([broker.stop(), database.stop()]);
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  alice = await east.device('client:alice');
  bob = await east.device('client:bob');
});

async function bridged(): Promise<{ callId: string; bobsLeg: string }> {
  const callId = await placeCall(alice);
  const bobsLeg = await answerNext(bob);
  await alice.next('legBridged');
  return { callId, bobsLeg };
}

/** What one says the other hears. */
async function expectAudio(callId: string): Promise<void> {
  const pcm = Buffer.alloc(640, 7);
  const before = bob.heard.length;
  await alice.say('audio', { legId: callId, pcm });
  await eventually(() => expect(bob.heard.length).toBeGreaterThan(before));
}

const expectedTypes = ['call.text_received', 'call.completed*', 'call.verb_ended', 'call.completed'];

describe('while the broker is away', () => {
  test('the two go on talking; what happened is published when it is back, and nobody is taken for dead', async () => {
    const { callId } = await bridged();
    await broker.kill();
    await expectAudio(callId);
    await alice.say('sendText', { legId: callId, text: 'still there?' });
    await alice.say('hangUp', { legId: callId });
    // Longer than a router may be silent.
    await sleep(1_500);
    await expectAudio(callId);
    broker = await startBroker(broker.port);
    expect(await alice.next('legEnded')).toMatchObject({ cause: EndCause.HANGUP });
    const events = await endedCall(platform, callId);
    expect(typesOf(events).slice(-4)).toEqual(expectedTypes);
    expect(valuesOf(events, 'completed').map(({ cause }) => cause)).toEqual([EndCause.HANGUP, EndCause.HANGUP]);
    const next = await bridged();
    await alice.say('hangUp', { legId: next.callId });
    await endedCall(platform, next.callId);
  });
});

describe('while the database is away', () => {
  test('the two go on talking; what they did is done when it is back', async () => {
    const { callId } = await bridged();
    await database.kill();
    await alice.say('sendText', { legId: callId, text: 'still there?' });
    await alice.say('hangUp', { legId: callId });
    await expectAudio(callId);
    database = await startDatabase(database.port);
    expect(await bob.next('legEnded')).toMatchObject({ cause: EndCause.HANGUP });
    expect(typesOf(await endedCall(platform, callId)).slice(-4)).toEqual(expectedTypes);
  });
});
