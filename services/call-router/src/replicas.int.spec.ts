import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { buckets, routerCommandSubject } from '@parley/bus';
import { CallStatus, EndCause, RouterReply } from '@parley/contracts';
import { bytesFromPcm, frames, synthesize } from '@parley/speech';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { Kvm } from '@nats-io/kv';
import { playInRealTime } from './effects/real-time.ts';
import { testApplicationServer } from './test-support/application-server.ts';
import { endedCall, typesOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type StartedRouter } from './test-support/started-router.ts';
import { answerNext, codeOf, createTenant, freshId, placeCall } from './test-support/tenant.ts';
import type { TestDevice } from './test-support/test-device.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
let east: StartedRouter;
let west: StartedRouter;
let applicationId = '';
let alice: TestDevice;
let bob: TestDevice;

beforeAll(async () => {
  [east, west] = await Promise.all([routers.start({ EGRESS_ALLOW: app.host }), routers.start({ EGRESS_ALLOW: app.host })]);
  applicationId = await createTenant(east, app);
});

beforeEach(async () => {
  app.twiml('/voice', (voice) => void voice.dial().client('bob'));
  alice = await east.device('client:alice');
  bob = await west.device('client:bob');
});

async function bridged(): Promise<{ callId: string; bobsLeg: string }> {
  const callId = await placeCall(alice);
  const { legId: bobsLeg } = await bob.next('incomingCall');
  await bob.say('reportRinging', { legId: bobsLeg });
  await bob.say('answer', { legId: bobsLeg, observationConsent: false });
  await alice.next('legBridged');
  await bob.next('legBridged');
  return { callId, bobsLeg };
}

describe('devices on two replicas', () => {
  test('talk, type and hang up as if they were on one', async () => {
    const { callId, bobsLeg } = await bridged();
    const speech = frames(await synthesize('Greetings from the other side.')).map((piece) => Buffer.from(bytesFromPcm(piece).buffer));
    const sayBoth = (pcm: Buffer) => void Promise.all([alice.say('audio', { legId: callId, pcm }), bob.say('audio', { legId: bobsLeg, pcm })]);
    await playInRealTime(speech, 1, sayBoth, new AbortController().signal);
    await eventually(() => expect([alice.heard.length, bob.heard.length]).toEqual([speech.length, speech.length]));
    expect(bob.heard.map(({ pcm }) => pcm)).toEqual(speech);
    await bob.say('sendText', { legId: bobsLeg, text: 'hi' });
    expect(await alice.next('textReceived')).toEqual({ legId: callId, text: 'hi' });
    await alice.say('sendText', { legId: callId, text: 'ho' });
    expect(await bob.next('textReceived')).toEqual({ legId: bobsLeg, text: 'ho' });
    await bob.say('sendText', { legId: bobsLeg, text: 'x'.repeat(5000) });
    expect(await bob.next('commandRefused')).toMatchObject({ code: 'device.text_too_large' });
    await bob.say('hangUp', { legId: bobsLeg });
    expect(await bob.next('legEnded')).toMatchObject({ legId: bobsLeg, cause: EndCause.HANGUP });
    const events = await endedCall(nats.bus, callId);
    expect(typesOf(events)).toContain('call.bridged');
  });

  test('what one says quickly one after the other arrives in that order', async () => {
    const { callId, bobsLeg } = await bridged();
    const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
    for (const text of texts) await bob.say('sendText', { legId: bobsLeg, text });
    for (const text of texts) expect(await alice.next('textReceived')).toMatchObject({ text });
    await alice.say('hangUp', { legId: callId });
    expect(valuesOf(await endedCall(nats.bus, callId), 'textReceived').map(({ text }) => text)).toEqual(texts);
  });

  test('a device that is lost at one replica ends its leg at the other', async () => {
    const { callId } = await bridged();
    bob.close();
    await alice.next('legEnded');
    expect(valuesOf(await endedCall(nats.bus, callId), 'completed')[0]).toMatchObject({ cause: EndCause.DEVICE_LOST });
  });

  test('a device that moved to another replica is called there', async () => {
    bob.close();
    const moved = await east.device('client:bob');
    const callId = await placeCall(alice);
    await answerNext(moved);
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
    moved.close();
  });
});

describe('the API at either replica', () => {
  test('updates a call, publishes about it, and sees it', async () => {
    const { callId } = await bridged();
    const { calls } = await west.clients();
    const event = { callId, requestId: freshId(), name: 'note', dataJson: '1' };
    const published = await calls.publishApplicationEvent(event);
    expect(await (await east.clients()).calls.publishApplicationEvent(event)).toEqual(published);
    await calls.updateCall({ callId, requestId: freshId(), update: { $case: 'hangUp', value: true } });
    expect(await alice.next('legEnded')).toMatchObject({ cause: EndCause.API });
    await endedCall(nats.bus, callId);
    const { call } = await calls.getCall({ callId });
    expect(call?.legs.map(({ status }) => status)).toEqual([CallStatus.COMPLETED, CallStatus.COMPLETED]);
    expect(await codeOf(calls.updateCall({ callId, requestId: freshId(), update: { $case: 'hangUp', value: true } }))).toBe('call.ended');
  });

  test('calls a device wherever it is; the router that holds the device holds the call', async () => {
    app.twiml('/voice', (voice) => void voice.hangup());
    const { calls } = await east.clients();
    const request = { requestId: freshId(), applicationId, from: '+15550100', to: 'client:bob', timeoutSeconds: 0 };
    const { call } = await calls.createCall(request);
    const { legId } = await bob.next('incomingCall');
    expect(legId).toBe(call?.callId);
    const doc = await database.db.collection<{ _id: string; owner: string }>('calls').findOne({ _id: legId });
    expect(doc?.owner).toBe(west.instance);
    await bob.say('answer', { legId, observationConsent: false });
    await endedCall(nats.bus, legId);
    expect((await calls.createCall(request)).call?.callId).toBe(legId);
  });
});

describe('a command from a peer', () => {
  const ask = async (payload: Uint8Array) => {
    const { nc } = await nats.connectAs('call-router');
    const reply = await nc.request(routerCommandSubject(east.instance), payload);
    return RouterReply.decode(reply.data);
  };

  test('that is malformed or empty is refused with a code', async () => {
    expect(await ask(Buffer.from([0xff, 0xff, 0xff]))).toMatchObject({ errorCode: 'request.malformed' });
    expect(await ask(new Uint8Array())).toMatchObject({ errorCode: 'request.malformed' });
  });
});

describe('a replica that leaves in order', () => {
  test('sends its devices elsewhere, ends its calls, and leaves nothing behind', async () => {
    const north = await routers.start({ EGRESS_ALLOW: app.host });
    const carol = await north.device('client:carol');
    const callId = await placeCall(carol);
    const bobsLeg = await answerNext(bob);
    await carol.next('legBridged');
    const stopped = north.stop();
    await carol.next('draining');
    await carol.say('placeCall', { requestId: freshId(), to: '+15550100', observationConsent: false });
    expect(await carol.next('commandRefused')).toMatchObject({ code: 'device.draining' });
    expect(await bob.next('legEnded')).toMatchObject({ legId: bobsLeg, cause: EndCause.ROUTER_LOST });
    await stopped;
    const events = await endedCall(nats.bus, callId);
    expect(valuesOf(events, 'completed').map(({ cause }) => cause)).toEqual([EndCause.ROUTER_LOST, EndCause.ROUTER_LOST]);
    const open = await database.db.collection('calls').countDocuments({ owner: north.instance, open: true });
    expect(open).toBe(0);
    const leases = await new Kvm(nats.bus.nc).open(buckets['call-router']);
    await eventually(async () => expect((await leases.get(north.instance))?.operation).toBe('DEL'));
  });
});
