import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CallStatus, Direction, EndCause } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testApplicationServer } from './test-support/application-server.ts';
import { callEvents, endedCall, typesOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type RouterClients, type StartedRouter } from './test-support/started-router.ts';
import { answerNext, codeOf, createTenant, freshId, placeCall } from './test-support/tenant.ts';
import type { TestDevice } from './test-support/test-device.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
let router: StartedRouter;
let api: RouterClients;
let applicationId = '';
let alice: TestDevice;
let bob: TestDevice;

beforeAll(async () => {
  router = await routers.start({ EGRESS_ALLOW: app.host });
  api = await router.clients();
  applicationId = await createTenant(router, app);
  app.twiml('/dial-bob', (voice) => void voice.dial().client('bob'));
});

beforeEach(async () => {
  app.requests.length = 0;
  app.twiml('/voice', (voice) => void voice.dial().client('bob'));
  alice = await router.device('client:alice');
  bob = await router.device('client:bob');
});

/** Alice and Bob talk. */
async function bridged(): Promise<{ callId: string; bobsLeg: string }> {
  const callId = await placeCall(alice);
  const bobsLeg = await answerNext(bob);
  await alice.next('legBridged');
  return { callId, bobsLeg };
}

const newCall = (changes: Record<string, unknown> = {}) =>
  api.calls.createCall({ requestId: freshId(), applicationId, from: '+15550100', to: 'client:alice', timeoutSeconds: 0, ...changes });

describe('CreateCall', () => {
  test('calls a device and runs the application once it answers', async () => {
    app.twiml('/voice', (voice) => void voice.pause({ length: 1 }));
    const { call } = await newCall();
    expect(call!.legs).toEqual([expect.objectContaining({ legId: call!.callId, direction: Direction.OUTBOUND_API, status: CallStatus.INITIATED, from: '+15550100', to: 'client:alice' })]);
    const { legId } = await alice.next('incomingCall');
    await alice.say('reportRinging', { legId });
    await alice.say('answer', { legId, observationConsent: false });
    const events = await endedCall(nats.bus, call!.callId);
    expect(typesOf(events)).toEqual([
      'call.initiated',
      'call.ringing',
      'call.answered',
      'call.instructions_fetched',
      'call.verb_started',
      'call.verb_ended',
      'call.completed',
    ]);
    expect(events[0]?.call).toEqual({ from: '+15550100', to: 'client:alice', direction: 'outbound-api' });
    expect(app.requests[0]?.parameters).toMatchObject({ Direction: 'outbound-api', CallStatus: 'in-progress', To: 'client:alice' });
  });

  test('is idempotent by request id, also after the end', async () => {
    const requestId = freshId();
    const [one, two] = await Promise.all([newCall({ requestId, to: 'client:carol' }), newCall({ requestId, to: 'client:carol' })]);
    expect(one.call?.callId).toBe(two.call?.callId);
    const events = await endedCall(nats.bus, one.call!.callId);
    expect(valuesOf(events, 'completed')[0]).toMatchObject({ status: CallStatus.FAILED, cause: EndCause.UNREACHABLE });
    expect((await newCall({ requestId, to: 'client:carol' })).call?.legs[0]?.endCause).toBe(EndCause.UNREACHABLE);
    expect(await codeOf(newCall({ requestId, to: 'client:dave' }))).toBe('request.idempotency_conflict');
  });

  test('gives up when nobody answers in time, or the device declines', async () => {
    const { call } = await newCall({ timeoutSeconds: 1 });
    expect(valuesOf(await endedCall(nats.bus, call!.callId), 'completed')[0]).toMatchObject({ status: CallStatus.NO_ANSWER, cause: EndCause.NO_ANSWER });
    await alice.next('incomingCall');
    const declined = await newCall();
    const { legId } = await alice.next('incomingCall');
    await alice.say('decline', { legId });
    expect(valuesOf(await endedCall(nats.bus, declined.call!.callId), 'completed')[0]).toMatchObject({ status: CallStatus.BUSY, cause: EndCause.BUSY });
  });

  test.each([
    ['no request id', { requestId: '' }, 'request.invalid_argument'],
    ['an address that is none', { to: 'bob' }, 'request.invalid_argument'],
    ['a negative timeout', { timeoutSeconds: -1 }, 'request.invalid_argument'],
    ['an unknown application', { applicationId: 'AP0' }, 'not_found.application'],
    ["an address that is not the application's", { from: '+15550199' }, 'request.invalid_argument'],
  ])('refuses %s', async (_what, changes, code) => {
    expect(await codeOf(newCall(changes))).toBe(code);
  });
});

describe('UpdateCall', () => {
  const update = (callId: string, change: { $case: 'twiml'; value: string } | { $case: 'url'; value: string } | { $case: 'hangUp'; value: boolean } | undefined, requestId = freshId()) =>
    api.calls.updateCall({ callId, requestId, update: change });

  test('replaces what runs with a document', async () => {
    const { callId, bobsLeg } = await bridged();
    await update(callId, { $case: 'twiml', value: '<Response><Say>You are on your own now.</Say></Response>' });
    expect(await bob.next('legEnded')).toEqual({ legId: bobsLeg, status: CallStatus.COMPLETED, cause: EndCause.API });
    await eventually(() => expect(alice.heard.length).toBeGreaterThan(10));
    const events = await endedCall(nats.bus, callId);
    expect(typesOf(events).slice(-6)).toEqual(['call.completed*', 'call.verb_ended', 'call.updated', 'call.verb_started', 'call.verb_ended', 'call.completed']);
    expect(events.find(({ type }) => type === 'call.updated')?.causationId).toMatch(/^request-/);
  });

  test('replaces what runs with what a URL answers', async () => {
    const { callId } = await bridged();
    app.twiml('/other', (voice) => void voice.hangup());
    const { call } = await update(callId, { $case: 'url', value: `${app.url}/other` });
    expect(call?.callId).toBe(callId);
    await endedCall(nats.bus, callId);
    expect(app.requests.at(-1)).toMatchObject({ path: '/other', parameters: { CallStatus: 'in-progress' } });
  });

  test('hangs up, once', async () => {
    const { callId } = await bridged();
    const requestId = freshId();
    await update(callId, { $case: 'hangUp', value: true }, requestId);
    const events = await endedCall(nats.bus, callId);
    expect(valuesOf(events, 'updated')).toEqual([{ updateId: requestId, hangUp: true }]);
    expect(valuesOf(events, 'completed').map(({ cause }) => cause)).toEqual([EndCause.API, EndCause.API]);
    expect((await update(callId, { $case: 'hangUp', value: true }, requestId)).call?.legs[0]?.status).toBe(CallStatus.COMPLETED);
    expect(await codeOf(update(callId, { $case: 'hangUp', value: true }))).toBe('call.ended');
  });

  test('refuses what cannot be run, and the call goes on', async () => {
    const { callId } = await bridged();
    expect(await codeOf(update(callId, { $case: 'twiml', value: '<Response><Fax/></Response>' }))).toBe('instructions.unknown_verb');
    expect(await codeOf(update(callId, { $case: 'twiml', value: 'hello' }))).toBe('instructions.invalid_twiml');
    expect(await codeOf(update(callId, { $case: 'twiml', value: `<Response>${' '.repeat(70_000)}</Response>` }))).toBe('instructions.too_large');
    expect(await codeOf(update(callId, { $case: 'url', value: 'http://10.0.0.1/' }))).toBe('egress.forbidden_address');
    expect(await codeOf(update(callId, { $case: 'url', value: 'ftp://example.com/' }))).toBe('egress.invalid_url');
    expect(await codeOf(update(callId, undefined))).toBe('request.invalid_argument');
    expect(await codeOf(update('CAnone', { $case: 'hangUp', value: true }))).toBe('not_found.call');
    const { call } = await api.calls.getCall({ callId });
    expect(call?.legs.map(({ status }) => status)).toEqual([CallStatus.IN_PROGRESS, CallStatus.IN_PROGRESS]);
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
  });

  test('finds nobody to talk to while the device rings, but can hang up', async () => {
    const { call } = await newCall();
    const { callId } = call!;
    await alice.next('incomingCall');
    expect(await codeOf(update(callId, { $case: 'twiml', value: '<Response/>' }))).toBe('call.wrong_state');
    await update(callId, { $case: 'hangUp', value: true });
    expect(await alice.next('legEnded')).toMatchObject({ status: CallStatus.CANCELED, cause: EndCause.API });
    await endedCall(nats.bus, callId);
  });
});

describe('PublishApplicationEvent', () => {
  test("appends to the call's sequence, once for each request", async () => {
    const { callId } = await bridged();
    const request = { callId, requestId: freshId(), name: 'order_placed', dataJson: '{"total":"12.50"}' };
    const first = await api.calls.publishApplicationEvent(request);
    const second = await api.calls.publishApplicationEvent({ ...request, requestId: freshId() });
    expect(await api.calls.publishApplicationEvent(request)).toEqual(first);
    expect(second.sequence).toBe(first.sequence + 1n);
    const published = (await callEvents(nats.bus, callId)).filter(({ type }) => type === 'app.order_placed');
    expect(published.map(({ id }) => id)).toEqual([first.eventId, second.eventId]);
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
    expect(await api.calls.publishApplicationEvent(request)).toEqual(first);
    expect(await codeOf(api.calls.publishApplicationEvent({ ...request, requestId: freshId() }))).toBe('call.ended');
  });

  test.each([
    ['a name with other characters', { name: 'Order Placed' }],
    ['data that is not JSON', { dataJson: '{' }],
    ['data that is too large', { dataJson: JSON.stringify('x'.repeat(20_000)) }],
    ['no request id', { requestId: '' }],
  ])('refuses %s', async (_what, changes) => {
    expect(await codeOf(api.calls.publishApplicationEvent({ callId: 'CA1', requestId: 'r', name: 'x', dataJson: '{}', ...changes }))).toBe('request.invalid_argument');
  });
});

describe('a call of another account', () => {
  test('does not exist', async () => {
    const { callId } = await bridged();
    const { calls } = await router.clients(await keys.token({ accountId: 'rival' }));
    const requestId = freshId();
    expect(await codeOf(calls.getCall({ callId }))).toBe('not_found.call');
    expect(await codeOf(calls.updateCall({ callId, requestId, update: { $case: 'hangUp', value: true } }))).toBe('not_found.call');
    expect(await codeOf(calls.publishApplicationEvent({ callId, requestId, name: 'x', dataJson: '{}' }))).toBe('not_found.call');
    expect(await codeOf(calls.createCall({ requestId, applicationId, from: '+15550100', to: 'client:alice', timeoutSeconds: 0 }))).toBe('not_found.application');
    expect((await api.calls.getCall({ callId })).call?.legs).toHaveLength(2);
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
  });

  test('is not reached by a device of the same address', async () => {
    const other = await router.device('client:bob', 'rival');
    const { callId, bobsLeg } = await bridged();
    await other.say('hangUp', { legId: bobsLeg });
    expect(await other.next('commandRefused')).toMatchObject({ code: 'not_found.leg', legId: bobsLeg });
    expect(other.told.map(({ $case }) => $case)).toEqual(['registered', 'commandRefused']);
    await alice.say('hangUp', { legId: callId });
    await endedCall(nats.bus, callId);
  });
});

describe('a token', () => {
  test.each([
    ['of another scope', { scope: 'device' as const }, 'auth.wrong_scope'],
    ['that has expired', { ttlSeconds: -60 }, 'auth.expired'],
  ])('%s is refused', async (_what, content, code) => {
    const { calls, applications } = await router.clients(await keys.token(content));
    expect(await codeOf(calls.getCall({ callId: 'CA1' }))).toBe(code);
    expect(await codeOf(applications.listApplications({ pageSize: 0, pageToken: '' }))).toBe(code);
  });

  test('that nobody signed is refused', async () => {
    const { calls } = await router.clients('nonsense');
    expect(await codeOf(calls.getCall({ callId: 'CA1' }))).toBe('auth.malformed');
  });
});
