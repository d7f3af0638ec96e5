import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CallStatus, EndCause, MediaKind, OnExhausted, Party } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testApplicationServer } from './test-support/application-server.ts';
import { authorization } from './test-support/billing-server.ts';
import { endedCall, typesOf, valueOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type StartedRouter } from './test-support/started-router.ts';
import { answerNext, createTenant, freshId, placeCall } from './test-support/tenant.ts';
import type { TestDevice } from './test-support/test-device.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
let router: StartedRouter;
let applicationId: string;
let alice: TestDevice;
let bob: TestDevice;

beforeAll(async () => {
  router = await routers.start({ EGRESS_ALLOW: app.host });
  applicationId = await createTenant(router, app, { policyId: 'PO1' });
  app.twiml('/voice', dialBob);
});

beforeEach(async () => {
  routers.billing.asked.length = 0;
  routers.billing.answers.authorization = authorization(60_000n);
  routers.billing.answers.extendTo = 60_000n;
  alice = await router.device('client:alice');
  bob = await router.device('client:bob');
});

const dialBob: Parameters<typeof app.twiml>[1] = (voice) => void voice.dial().client('bob');

async function bridged(): Promise<{ callId: string; bobsLeg: string }> {
  const callId = await placeCall(alice);
  const bobsLeg = await answerNext(bob);
  await alice.next('legBridged');
  return { callId, bobsLeg };
}

const video = (legId: string) => ({ legId, kind: MediaKind.VIDEO });
const asked = (method: string) => routers.billing.asked.filter((question) => question.method === method);

describe('a charged call', () => {
  test('carries what billing granted, unaltered, in its first event', async () => {
    const { callId } = await bridged();
    await alice.say('hangUp', { legId: callId });
    const events = await endedCall(nats.bus, callId);
    expect(valueOf(events[0], 'initiated')?.charge).toEqual(authorization(60_000n));
    expect(asked('authorize')).toEqual([{ method: 'authorize', accountId: 'acme', callId }]);
  });

  test('goes by the policy of its application, or by one that the request for it names', async () => {
    const { calls } = await router.clients();
    const create = (requestId: string, policyId?: string) => calls.createCall({ requestId, applicationId, from: '+15550100', to: 'client:nobody', timeoutSeconds: 0, policyId });
    const policyOf = async (policyId?: string) => routers.billing.policies.get((await create(freshId(), policyId)).call!.callId);
    expect([await policyOf(), await policyOf(''), await policyOf('PO2')]).toEqual(['PO1', 'PO1', 'PO2']);
    // What billing granted is by PO1: the same request is the same call, and none by another policy.
    const requestId = freshId();
    const { call } = await create(requestId, 'PO1');
    expect((await create(requestId, 'PO1')).call?.callId).toBe(call?.callId);
    await expect(create(requestId, 'PO2')).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
  });

  test('that billing refuses ends before anything rings', async () => {
    routers.billing.answers.authorization = 'refused';
    const callId = await placeCall(alice);
    expect(await alice.next('legEnded')).toEqual({ legId: callId, status: CallStatus.FAILED, cause: EndCause.NOT_AUTHORIZED });
    expect(typesOf(await endedCall(nats.bus, callId))).toEqual(['call.initiated', 'call.completed']);
  });

  test('grants the observation of the counterpart, bound to call, side, policy and origin', async () => {
    const { callId, bobsLeg } = await bridged();
    await alice.say('startMedia', video(callId));
    const forAlice = await alice.next('observationGranted');
    await bob.say('startMedia', video(bobsLeg));
    const forBob = await bob.next('observationGranted');
    expect(forAlice).toMatchObject({ legId: callId, party: Party.CALLER });
    expect(forBob).toMatchObject({ legId: bobsLeg, party: Party.CALLEE, mediaOriginTime: forAlice.mediaOriginTime });
    const identity = await keys.verifier.verify(forBob.token);
    expect(identity).toMatchObject({ accountId: 'acme', subject: 'client:bob', scopes: ['observe'], callId });
    expect(identity.claims).toMatchObject({
      party: 'callee',
      leg: bobsLeg,
      mediaOriginMs: forAlice.mediaOriginTime!.getTime(),
      attributes: { from: 'client:alice', to: '+15550100', direction: 'inbound' },
      policy: { id: 'PO1', version: 3, terms: { faceAbsentMs: 1100, voiceAbsentMs: 1200, textAbsentMs: 1300, textHoldMs: 1400, maxGapMs: 500, livenessMs: 9000, minFaceAreaRatio: 0.02 } },
    });
    expect(JSON.stringify(identity.claims)).not.toContain('rate');
    // Bob has consented to being observed, Alice has not.
    expect(identity.claims['consent']).toBe(false);
    expect((await keys.verifier.verify(forAlice.token)).claims['consent']).toBe(true);

    await alice.say('startMedia', video(callId));
    expect(await alice.next('commandRefused')).toMatchObject({ code: 'call.wrong_state' });
    await alice.say('stopMedia', video(callId));
    await alice.say('hangUp', { legId: callId });
    const events = await endedCall(nats.bus, callId);
    expect(events.flatMap((event) => valueOf(event, 'videoStarted')?.counterpartConsents ?? [])).toEqual([true, false]);
    expect(typesOf(events).filter((type) => type.startsWith('call.video'))).toEqual(['call.video_started', 'call.video_started*', 'call.video_stopped', 'call.video_stopped*']);
    const [started] = events.filter(({ type }) => type === 'call.video_started');
    expect(valueOf(started, 'videoStarted')?.mediaOriginTime).toEqual(started?.time);
  });

  test('grants the observation of each counterpart by itself: one has consented, the next one has not', async () => {
    app.twiml('/voice', (voice) => {
      voice.dial().client('bob');
      voice.dial().client('carol');
    });
    const carol = await router.device('client:carol');
    const callId = await placeCall(alice);
    const bobsLeg = await answerNext(bob);
    // The instructions were fetched: the other tests' calls dial Bob alone.
    app.twiml('/voice', dialBob);
    await alice.next('legBridged');
    await alice.say('startMedia', video(callId));
    const ofBob = await alice.next('observationGranted');
    await bob.say('hangUp', { legId: bobsLeg });
    const { legId: carolsLeg } = await carol.next('incomingCall');
    await carol.say('answer', { legId: carolsLeg, observationConsent: false });
    await alice.next('legBridged');
    await alice.say('startMedia', video(callId));
    const ofCarol = await alice.next('observationGranted');
    const claims = await Promise.all([ofBob, ofCarol].map(async ({ token }) => (await keys.verifier.verify(token)).claims));
    expect(claims.map(({ consent }) => consent)).toEqual([true, false]);
    await alice.say('hangUp', { legId: callId });
    const videos = (await endedCall(nats.bus, callId)).filter(({ type }) => type.startsWith('call.video'));
    expect(typesOf(videos)).toEqual(['call.video_started', 'call.video_stopped', 'call.video_started', 'call.video_stopped']);
    expect(videos.flatMap((event) => valueOf(event, 'videoStarted')?.counterpartConsents ?? [])).toEqual([true, false]);
    expect(claims.map(({ videoStartedMs }) => videoStartedMs)).toEqual([videos[0]!.time.getTime(), videos[2]!.time.getTime()]);
  });

  test('has its grant extended when half of it is left, and ends when it lapses', async () => {
    routers.billing.answers.authorization = authorization(600n);
    routers.billing.answers.extendTo = 1_200n;
    const { callId } = await bridged();
    await alice.say('startMedia', video(callId));
    await eventually(() => expect(asked('extend')).toEqual([expect.objectContaining({ accountId: 'acme', callId, knownUntilMs: 600n })]));
    routers.billing.answers.extendTo = 'refused';
    expect(await alice.next('legEnded')).toEqual({ legId: callId, status: CallStatus.COMPLETED, cause: EndCause.GRANT_LAPSED });
    expect(await bob.next('legEnded')).toMatchObject({ cause: EndCause.GRANT_LAPSED });
    const events = await endedCall(nats.bus, callId);
    expect(valuesOf(events, 'videoStopped')[0]?.mediaTimeMs).toBeGreaterThanOrEqual(1_200n);
  });
});

describe('a charged call whose policy lets it go on', () => {
  test('loses its video with its grant, and nothing else', async () => {
    routers.billing.answers.authorization = authorization(600n, OnExhausted.DOWNGRADE);
    routers.billing.answers.extendTo = 'refused';
    const { callId, bobsLeg } = await bridged();
    await alice.say('startMedia', video(callId));
    await alice.next('observationGranted');
    await bob.say('startMedia', video(bobsLeg));
    await bob.next('observationGranted');
    const ended = { kind: MediaKind.VIDEO, cause: EndCause.GRANT_LAPSED };
    expect(await alice.next('mediaEnded')).toEqual({ legId: callId, ...ended });
    expect(await bob.next('mediaEnded')).toEqual({ legId: bobsLeg, ...ended });
    await alice.say('startMedia', video(callId));
    expect(await alice.next('commandRefused')).toMatchObject({ legId: callId, code: 'call.grant_lapsed' });
    await bob.say('sendText', { legId: bobsLeg, text: 'still here' });
    expect(await alice.next('textReceived')).toMatchObject({ text: 'still here' });
    await alice.say('hangUp', { legId: callId });
    const events = await endedCall(nats.bus, callId);
    expect(typesOf(events).filter((type) => type.startsWith('call.video'))).toEqual(['call.video_started', 'call.video_started*', 'call.video_stopped', 'call.video_stopped*']);
    expect(valuesOf(events, 'videoStopped').every(({ mediaTimeMs }) => mediaTimeMs >= 600n)).toBe(true);
    expect(valuesOf(events, 'completed').map(({ cause }) => cause)).not.toContain(EndCause.GRANT_LAPSED);
  });
});

describe('a call without a policy', () => {
  test('is free, and observed by the defaults', async () => {
    routers.billing.answers.authorization = undefined;
    const { callId } = await bridged();
    await alice.say('startMedia', video(callId));
    const { token } = await alice.next('observationGranted');
    const { claims } = await keys.verifier.verify(token);
    expect(claims['policy']).toMatchObject({ id: '', version: 0, terms: { faceAbsentMs: 3000 } });
    await alice.say('hangUp', { legId: callId });
    expect(valueOf((await endedCall(nats.bus, callId))[0], 'initiated')?.charge).toBeUndefined();
  });
});

describe('without billing', () => {
  test('no call is connected', async () => {
    const alone = await routers.start({ EGRESS_ALLOW: app.host, BILLING_ADDRESS: '127.0.0.1:1' });
    const carol = await alone.device('client:carol');
    const callId = await placeCall(carol);
    expect(await carol.next('legEnded')).toMatchObject({ cause: EndCause.NOT_AUTHORIZED });
    await endedCall(nats.bus, callId);
  });
});
