import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CallStatus, DeviceServiceService, EndCause, MediaKind } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { testApplicationServer } from './test-support/application-server.ts';
import { endedCall } from './test-support/call-events.ts';
import { testRouters, type StartedRouter } from './test-support/started-router.ts';
import { answerNext, createTenant, freshId, placeCall } from './test-support/tenant.ts';
import { openDevice, type TestDevice } from './test-support/test-device.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
let router: StartedRouter;
let alice: TestDevice;
let address = '';

beforeAll(async () => {
  router = await routers.start({ EGRESS_ALLOW: app.host });
  address = `127.0.0.1:${router.grpcPort}`;
  await createTenant(router, app);
  app.twiml('/voice', (voice) => void voice.pause({ length: 30 }));
});

beforeEach(async () => {
  alice = await router.device('client:alice');
});

const deviceToken = (subject = 'client:alice') => keys.token({ scope: 'device', subject });

describe('the device channel', () => {
  test('wants a registration first, and goes on after a refusal', async () => {
    const device = await openDevice(address, await deviceToken('client:carol'));
    await device.say('placeCall', { requestId: 'r', to: '+15550100', observationConsent: false });
    expect(await device.next('commandRefused')).toMatchObject({ requestId: 'r', code: 'device.not_registered' });
    await device.say('register', {});
    expect(await device.next('registered')).toEqual({ address: 'client:carol', routerInstance: router.instance });
    device.close();
  });

  test.each([
    ['an address that is none', 'bob', 'device.invalid_address'],
    ['an address that nobody serves', '+15559999', 'call.no_application'],
  ])('refuses to call %s', async (_what, to, code) => {
    const requestId = freshId();
    await alice.say('placeCall', { requestId, to, observationConsent: false });
    expect(await alice.next('commandRefused')).toMatchObject({ requestId, code });
  });

  test('gives the same call for the same request, live or ended', async () => {
    const requestId = freshId();
    for (let times = 0; times < 2; times += 1) await alice.say('placeCall', { requestId, to: '+15550100', observationConsent: false });
    const [one, two] = [await alice.next('callPlaced'), await alice.next('callPlaced')];
    expect(one).toEqual(two);
    await alice.say('hangUp', { legId: one.legId });
    await alice.next('legEnded');
    await endedCall(nats.bus, one.callId);
    await alice.say('placeCall', { requestId, to: '+15550100', observationConsent: false });
    expect(await alice.next('callPlaced')).toEqual(one);
    expect(await alice.next('legEnded')).toMatchObject({ legId: one.legId, status: CallStatus.CANCELED });
  });

  test('refuses what does not fit, with a code for each', async () => {
    const legId = await placeCall(alice);
    const refusals: [Parameters<TestDevice['say']>, string][] = [
      [['answer', { legId }], 'call.wrong_state'],
      [['answer', { legId: 'CAnone' }], 'not_found.leg'],
      [['sendText', { legId, text: 'too early' }], 'call.wrong_state'],
      [['startMedia', { legId, kind: MediaKind.VIDEO }], 'call.wrong_state'],
      [['startMedia', { legId, kind: MediaKind.UNSPECIFIED }], 'request.invalid_argument'],
      [['audio', { legId, pcm: Buffer.alloc(639) }], 'device.invalid_audio'],
      [['audio', { legId: 'CAnone', pcm: Buffer.alloc(640) }], 'not_found.leg'],
    ];
    for (const [said, code] of refusals) {
      await alice.say(...said);
      expect(await alice.next('commandRefused')).toMatchObject({ code });
    }
    await alice.say('hangUp', { legId });
    await endedCall(nats.bus, legId);
  });

  test('refuses digits and text that are not what they should be', async () => {
    app.twiml('/voice', (voice) => void voice.dial().client('bob'));
    const bob = await router.device('client:bob');
    const callId = await placeCall(alice);
    await answerNext(bob);
    await alice.next('legBridged');
    await alice.say('sendDigits', { legId: callId, digits: '12a' });
    expect(await alice.next('commandRefused')).toMatchObject({ legId: callId, code: 'device.invalid_digits' });
    await alice.say('sendText', { legId: callId, text: 'x'.repeat(4097) });
    expect(await alice.next('commandRefused')).toMatchObject({ code: 'device.text_too_large' });
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
  });

  test('an address that registers anew takes the place of the earlier connection, whose legs are lost', async () => {
    const callId = await placeCall(alice);
    const again = await router.device('client:alice');
    expect(await alice.ended).toMatchObject({ code: 'device.replaced' });
    const events = await endedCall(nats.bus, callId);
    expect(events.at(-1)?.data).toMatchObject({ value: { event: { value: { cause: EndCause.DEVICE_LOST } } } });
    const next = await placeCall(again);
    await again.say('hangUp', { legId: next });
    await endedCall(nats.bus, next);
  });

  test('ends with a code for a token of another scope, or for no address', async () => {
    const api = await openDevice(address, await keys.token({ scope: 'api' }));
    expect(await api.ended).toMatchObject({ code: 'auth.wrong_scope' });
    const nobody = await openDevice(address, await deviceToken('alice'));
    expect(await nobody.ended).toMatchObject({ code: 'device.invalid_address' });
  });

  test('ends with a code for bytes that are not protobuf, and its legs with it; the router goes on', async () => {
    const client = new Client(address, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await deviceToken('client:mallory')}`);
    const bytes = (value: Buffer) => value;
    const stream = client.makeBidiStreamRequest(DeviceServiceService.connect.path, bytes, bytes, metadata);
    const ended = new Promise<{ code: number; metadata: Metadata }>((resolve) => stream.on('status', resolve));
    stream.on('error', () => undefined);
    stream.on('data', () => undefined);
    stream.write(Buffer.from(DeviceServiceService.connect.requestSerialize({ message: { $case: 'register', value: {} } })));
    stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect((await ended).metadata.get('parley-error-code')).toEqual(['request.malformed']);
    client.close();
    const callId = await placeCall(alice);
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
  });

  test('a message without a command is refused', async () => {
    const client = new Client(address, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await deviceToken('client:mallory')}`);
    const { path, requestSerialize, responseDeserialize } = DeviceServiceService.connect;
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    stream.on('error', () => undefined);
    const told = new Promise((resolve) => stream.on('data', resolve));
    stream.write({ message: undefined });
    expect(await told).toMatchObject({ message: { $case: 'commandRefused', value: { code: 'device.unknown_command' } } });
    stream.cancel();
    client.close();
  });
});
