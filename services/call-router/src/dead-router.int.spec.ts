import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { buckets, encodeEvent } from '@parley/bus';
import { CallStatus, EndCause } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { Kvm } from '@nats-io/kv';
import { busEvent } from './bus/convert.ts';
import { readSign } from './bus/router-lease.ts';
import { isPublished } from './domain/call/call-event.ts';
import { absentCall, type ExistingCall } from './domain/call/call-state.ts';
import { decide } from './domain/call/decide.ts';
import { inbound } from './domain/call/scenario.fixture.ts';
import { createCallRepository } from './store/call-repository.ts';
import { testApplicationServer } from './test-support/application-server.ts';
import { callEvents, endedCall, typesOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type RouterProcess, type StartedRouter } from './test-support/started-router.ts';
import { answerNext, codeOf, createTenant, freshId, placeCall } from './test-support/tenant.ts';
import type { TestDevice } from './test-support/test-device.ts';
import { newLegId } from './usecases/derived-id.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
let survivor: StartedRouter;
let bob: TestDevice;

beforeAll(async () => {
  survivor = await routers.start({ EGRESS_ALLOW: app.host });
});

beforeEach(async () => {
  // Anew each time: other applications of this spec have other signing keys.
  await createTenant(survivor, app);
  app.twiml('/voice', (voice) => void voice.dial().client('bob'));
  bob = await survivor.device('client:bob');
});

const doomed = (): Promise<RouterProcess> => routers.startProcess({ EGRESS_ALLOW: app.host });
const document = (callId: string) => database.db.collection<{ _id: string; owner: string; open: boolean }>('calls').findOne({ _id: callId });

describe('a router that is killed', () => {
  test('has its calls ended by a peer, once, at its last sign of life, with cause router_lost', async () => {
    const router = await doomed();
    const alice = await router.device('client:alice');
    const callId = await placeCall(alice);
    const bobsLeg = await answerNext(bob);
    await bob.next('legBridged');
    const before = await callEvents(nats.bus, callId);
    await router.kill('SIGKILL');
    expect(await bob.next('legEnded')).toEqual({ legId: bobsLeg, status: CallStatus.COMPLETED, cause: EndCause.ROUTER_LOST });
    const events = await endedCall(nats.bus, callId);
    expect(events.slice(0, before.length)).toEqual(before);
    expect(typesOf(events.slice(before.length))).toEqual(['call.completed*', 'call.verb_ended', 'call.completed']);
    expect(valuesOf(events, 'completed').map(({ cause }) => cause)).toEqual([EndCause.ROUTER_LOST, EndCause.ROUTER_LOST]);
    await eventually(async () => expect(await document(callId)).toMatchObject({ owner: survivor.instance, open: false }));
  });

  test('publishes through its peer what it had stored and not yet published', async () => {
    // A router that dies between the write and the publishing: the publishing never ends, and its lease is never renewed.
    const dead = 'call-router-dead-1';
    const documents = await createCallRepository(database.db, () => new Promise(() => undefined));
    const leases = await new Kvm(nats.bus.nc).open(buckets['call-router']);
    const { events, state } = decide({ ...inbound, callId: newLegId() }, absentCall, Date.now(), { newLegId });
    const call = state as ExistingCall;
    const outbox = events.filter(isPublished).map((event) => encodeEvent(busEvent(event, call, '')));
    void documents.insert({ _id: call.callId, accountId: 'acme', owner: dead, open: true, traceparent: '', state: call, outbox });
    await eventually(async () => expect(await document(call.callId)).not.toBeNull());
    const renewedAtMs = Date.now();
    await leases.create(dead, JSON.stringify({ renewedAtMs }));
    const ended = await endedCall(nats.bus, call.callId);
    expect(typesOf(ended)).toEqual(['call.initiated', 'call.ringing', 'call.completed']);
    expect(ended.at(-1)?.time.getTime()).toBe(Math.max(renewedAtMs, call.lastEventMs));
    await eventually(async () => expect((await leases.get(dead))?.operation).toBe('DEL'));
  });

  test('and whose device at a peer is on a leg of that peer: the leg ends there', async () => {
    const router = await doomed();
    const carol = await router.device('client:carol');
    app.twiml('/voice', (voice) => void voice.dial().client('carol'));
    const callId = await placeCall(bob);
    await answerNext(carol);
    await bob.next('legBridged');
    await router.kill('SIGKILL');
    expect(await bob.next('legEnded')).toMatchObject({ legId: callId, cause: EndCause.INSTRUCTIONS_ENDED });
    expect(valuesOf(await endedCall(nats.bus, callId), 'completed')[0]).toMatchObject({ cause: EndCause.DEVICE_LOST });
  });

  test('is gone for the API at once, and its call ended soon', async () => {
    const router = await doomed();
    const alice = await router.device('client:alice');
    const callId = await placeCall(alice);
    await bob.next('incomingCall');
    await router.kill('SIGKILL');
    const { calls } = await survivor.clients();
    const update = () => calls.updateCall({ callId, requestId: freshId(), update: { $case: 'hangUp', value: true } });
    // Retried by the client for as long as nobody holds the call; then it has ended.
    await eventually(async () => expect(await codeOf(update())).toBe('call.ended'));
    await endedCall(nats.bus, callId);
  });

  test('has its status callbacks sent by its peer', async () => {
    app.requests.length = 0;
    app.on('/late', (_request, response) => void response.sendStatus(204));
    await createTenant(survivor, app, { address: '+15550111', voice: '/voice', status: '/late' });
    const router = await doomed();
    const alice = await router.device('client:alice');
    const callId = await placeCall(alice, '+15550111');
    await bob.next('incomingCall');
    await router.kill('SIGKILL');
    await endedCall(nats.bus, callId);
    await eventually(() => {
      const statuses = app.requests.filter(({ path }) => path === '/late').map(({ parameters }) => parameters['CallStatus']);
      expect([...new Set(statuses)]).toEqual(['initiated', 'ringing', 'in-progress', 'completed']);
    });
  });
});

describe('a router that starts', () => {
  test('adopts the calls of its own earlier start', async () => {
    const alone = await routers.startProcess({ EGRESS_ALLOW: app.host, MONGODB_DATABASE: `${database.name}-2` });
    const { applications } = await alone.clients();
    const created = await applications.createApplication({
      requestId: 'a',
      application: { applicationId: '', displayName: '', voiceUrl: `${app.url}/wait`, fallbackUrl: '', statusCallbackUrl: '', policyId: '', addresses: [] },
    });
    app.signingKey = created.signingKey;
    app.twiml('/wait', (voice) => void voice.pause({ length: 60 }));
    await applications.assignAddress({ applicationId: created.application!.applicationId, address: '+15550100' });
    const alice = await alone.device('client:alice');
    const callId = await placeCall(alice);
    await alice.next('legRinging');
    // No peer knows this database, so that only the next start can see to the call.
    const leases = await new Kvm(nats.bus.nc).open(buckets['call-router']);
    await alone.kill('SIGKILL');
    await eventually(async () => {
      const keysLeft: string[] = [];
      for await (const key of await leases.keys()) keysLeft.push(key);
      expect(keysLeft).toEqual([survivor.instance]);
    });
    const again = await routers.startProcess({ EGRESS_ALLOW: app.host, MONGODB_DATABASE: `${database.name}-2` });
    expect(valuesOf(await endedCall(nats.bus, callId), 'completed')).toEqual([expect.objectContaining({ cause: EndCause.ROUTER_LOST })]);
    await again.stop();
    await database.store.db.client.db(`${database.name}-2`).dropDatabase();
  });
});

describe('a router that is paused for longer than its lease', () => {
  test('finds its calls with a peer, drops its devices, and ends', async () => {
    const router = await doomed();
    const alice = await router.device('client:alice');
    const callId = await placeCall(alice);
    const bobsLeg = await answerNext(bob);
    await bob.next('legBridged');
    await router.kill('SIGSTOP');
    expect(await bob.next('legEnded')).toMatchObject({ legId: bobsLeg, cause: EndCause.ROUTER_LOST });
    await router.kill('SIGCONT');
    expect(await alice.next('legEnded')).toMatchObject({ legId: callId, cause: EndCause.ROUTER_LOST });
    await alice.ended;
    const events = await endedCall(nats.bus, callId);
    expect(valuesOf(events, 'completed').map(({ cause }) => cause)).toEqual([EndCause.ROUTER_LOST, EndCause.ROUTER_LOST]);
  });
});

test("a router's key says when it last lived", async () => {
  const leases = await new Kvm(nats.bus.nc).open(buckets['call-router']);
  const entry = await leases.get(survivor.instance);
  expect(Math.abs(readSign(entry!.value).renewedAtMs - Date.now())).toBeLessThan(60_000);
  expect(() => readSign(Buffer.from('{}'))).toThrow('cannot be read');
});
