import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CallStatus, EndCause } from '@parley/contracts';
import { bytesFromPcm, createVoiceDetector, frames, pcmFromBytes, segments, synthesize } from '@parley/speech';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { playInRealTime } from './effects/real-time.ts';
import { testApplicationServer } from './test-support/application-server.ts';
import { endedCall, typesOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type StartedRouter } from './test-support/started-router.ts';
import type { TestDevice } from './test-support/test-device.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
let router: StartedRouter;
let alice: TestDevice;
let bob: TestDevice;
let requests = 0;

beforeAll(async () => {
  router = await routers.start({ EGRESS_ALLOW: app.host });
  const { applications } = await router.clients();
  const created = await applications.createApplication({
    requestId: 'app',
    application: {
      applicationId: '',
      displayName: 'IVR',
      voiceUrl: `${app.url}/voice?tenant=acme`,
      fallbackUrl: `${app.url}/fallback`,
      statusCallbackUrl: `${app.url}/status`,
      policyId: '',
      addresses: [],
    },
  });
  app.signingKey = created.signingKey;
  await applications.assignAddress({ applicationId: created.application!.applicationId, address: '+15550100' });
  app.on('/status', (_request, response) => void response.sendStatus(204));
});

beforeEach(async () => {
  app.requests.length = 0;
  alice = await router.device('client:alice');
  bob = await router.device('client:bob');
});

async function place(): Promise<string> {
  await alice.say('placeCall', { requestId: `r-${(requests += 1)}`, to: '+15550100', observationConsent: false });
  const { callId, legId } = await alice.next('callPlaced');
  expect(legId).toBe(callId);
  return callId;
}

/** Whether Silero hears speech in what a device heard. */
async function hearsSpeech(device: TestDevice): Promise<boolean> {
  const detector = createVoiceDetector();
  try {
    const pcm = pcmFromBytes(Buffer.concat(device.heard.map((frame) => frame.pcm)));
    return segments(await detector.openStream().push(pcm)).length > 0;
  } finally {
    await detector.close();
  }
}

describe('a call with Say and Dial', () => {
  test('speaks, rings, bridges, and carries audio, text and digits both ways', async () => {
    app.twiml('/voice', (voice) => {
      voice.say('Welcome to Parley. Please wait while we connect your call.');
      voice.dial({ action: '/after', timeout: 10 }).client('bob');
    });
    app.twiml('/after', (voice) => void voice.hangup());
    const callId = await place();
    await alice.next('legRinging');
    await alice.next('legAnswered');

    const { legId: bobsLeg, from, to } = await bob.next('incomingCall');
    expect({ from, to }).toEqual({ from: 'client:alice', to: 'client:bob' });
    expect(await hearsSpeech(alice)).toBe(true);
    const spoken = alice.heard.length;
    await bob.say('reportRinging', { legId: bobsLeg });
    await alice.next('legRinging');
    await bob.say('answer', { legId: bobsLeg, observationConsent: false });
    await bob.next('legAnswered');
    expect(await alice.next('legBridged')).toEqual({ legId: callId, otherLegId: bobsLeg });
    expect(await bob.next('legBridged')).toEqual({ legId: bobsLeg, otherLegId: callId });

    const speech = frames(await synthesize('Hello Bob, can you hear me now?')).map((piece) => Buffer.from(bytesFromPcm(piece).buffer));
    alice.heard.length = 0;
    const sayBoth = (pcm: Buffer) => void Promise.all([alice.say('audio', { legId: callId, pcm }), bob.say('audio', { legId: bobsLeg, pcm })]);
    await playInRealTime(speech, 1, sayBoth, new AbortController().signal);
    await eventually(() => expect([alice.heard.length, bob.heard.length]).toEqual([speech.length, speech.length]));
    expect(alice.heard.every(({ legId }) => legId === callId)).toBe(true);
    expect(bob.heard.map(({ pcm }) => pcm)).toEqual(speech);
    expect([await hearsSpeech(alice), await hearsSpeech(bob)]).toEqual([true, true]);
    expect(spoken).toBeGreaterThan(100);

    await alice.say('sendText', { legId: callId, text: 'ça va?' });
    expect(await bob.next('textReceived')).toEqual({ legId: bobsLeg, text: 'ça va?' });
    await bob.say('sendDigits', { legId: bobsLeg, digits: '12#' });
    expect(await alice.next('digitsReceived')).toEqual({ legId: callId, digits: '12#' });

    await bob.say('hangUp', { legId: bobsLeg });
    expect(await bob.next('legEnded')).toEqual({ legId: bobsLeg, status: CallStatus.COMPLETED, cause: EndCause.HANGUP });
    expect(await alice.next('legEnded')).toEqual({ legId: callId, status: CallStatus.COMPLETED, cause: EndCause.INSTRUCTIONS_ENDED });

    const events = await endedCall(nats.bus, callId);
    expect(typesOf(events)).toEqual([
      'call.initiated',
      'call.ringing',
      'call.instructions_fetched',
      'call.answered',
      'call.verb_started',
      'call.verb_ended',
      'call.verb_started',
      'call.initiated*',
      'call.ringing*',
      'call.answered*',
      'call.bridged',
      'call.text_received',
      'call.digits_received*',
      'call.completed*',
      'call.verb_ended',
      'call.instructions_fetched',
      'call.verb_started',
      'call.verb_ended',
      'call.completed',
    ]);
    const [first] = events;
    expect(first).toMatchObject({ source: `/acme/calls/${callId}/call`, call: { from: 'client:alice', to: '+15550100', direction: 'inbound' } });
    expect(valuesOf(events, 'instructionsFetched').map(({ url, verbs }) => ({ url, verbs }))).toEqual([
      { url: `${app.url}/voice`, verbs: ['Say', 'Dial'] },
      { url: `${app.url}/after`, verbs: ['Hangup'] },
    ]);
    expect(valuesOf(events, 'verbEnded').map(({ outcome }) => outcome)).toEqual(['', 'completed', '']);
    expect(app.refused).toBe(0);
  });

  test('speaks at the pace at which it is heard', async () => {
    app.twiml('/voice', (voice) => void voice.say('One sentence that takes a moment to say.'));
    const callId = await place();
    await alice.next('legEnded');
    const [first, last] = [alice.heard[0]!, alice.heard.at(-1)!];
    const audioMs = (alice.heard.length - 1) * 20;
    // Not an assertion about speed: frames must not come sooner than they are heard.
    expect(last.atMs - first.atMs).toBeGreaterThan(audioMs * 0.8);
    expect(alice.heard.every(({ pcm }) => pcm.length === 640)).toBe(true);
    await endedCall(nats.bus, callId);
  });

  test('the application server is sent what Twilio sends, signed', async () => {
    app.twiml('/voice', (voice) => void voice.dial({ action: '/after' }).client('bob'));
    app.twiml('/after', (voice) => void voice.hangup());
    const callId = await place();
    const { legId } = await bob.next('incomingCall');
    await bob.say('decline', { legId });
    await endedCall(nats.bus, callId);
    const common = { CallSid: callId, AccountSid: 'acme', From: 'client:alice', To: '+15550100', ApiVersion: '2010-04-01', Direction: 'inbound' };
    const voice = app.requests.filter(({ path }) => path !== '/status');
    expect(voice).toEqual([
      { method: 'POST', path: '/voice', parameters: { ...common, tenant: 'acme', CallStatus: 'ringing' } },
      {
        method: 'POST',
        path: '/after',
        parameters: { ...common, CallStatus: 'in-progress', DialCallStatus: 'busy', DialCallSid: legId, DialCallDuration: '0', DialBridged: 'false' },
      },
    ]);
    await eventually(() => {
      const callbacks = app.requests.filter(({ path }) => path === '/status').map(({ parameters }) => parameters);
      expect(callbacks.map(({ CallStatus, SequenceNumber, CallSid }) => [CallStatus, SequenceNumber, CallSid])).toEqual([
        ['initiated', '0', callId],
        ['ringing', '1', callId],
        ['in-progress', '2', callId],
        ['completed', '3', callId],
      ]);
      expect(callbacks[3]).toMatchObject({ CallDuration: '0', Timestamp: expect.stringMatching(/\+0000$/), CallbackSource: 'call-progress-events' });
    });
    expect(app.refused).toBe(0);
  });

  test('an action by GET carries its parameters in the query, and its signature holds', async () => {
    app.twiml('/voice', (voice) => void voice.dial({ action: '/after?x=1', method: 'GET' }).client('nobody'));
    app.on('/after', (_request, response) => void response.type('application/xml').send('<Response/>'));
    const callId = await place();
    await endedCall(nats.bus, callId);
    const after = app.requests.find(({ path }) => path === '/after');
    expect(after).toMatchObject({ method: 'GET', parameters: { x: '1', CallSid: callId, DialCallStatus: 'failed' } });
    expect(app.refused).toBe(0);
  });
});

describe('a dialled device', () => {
  const dialBob = (timeout: number) => app.twiml('/voice', (voice) => void voice.dial({ timeout }).client('bob'));

  test('that is not there is unreachable', async () => {
    app.twiml('/voice', (voice) => void voice.dial('+15559999'));
    const events = await endedCall(nats.bus, await place());
    expect(valuesOf(events, 'completed')[0]).toMatchObject({ status: CallStatus.FAILED, cause: EndCause.UNREACHABLE });
    expect(valuesOf(events, 'verbEnded')[0]).toMatchObject({ verb: 'Dial', outcome: 'failed' });
  });

  test('that nobody answers is given up', async () => {
    dialBob(1);
    const callId = await place();
    const { legId } = await bob.next('incomingCall');
    expect(await bob.next('legEnded')).toEqual({ legId, status: CallStatus.NO_ANSWER, cause: EndCause.NO_ANSWER });
    expect(valuesOf(await endedCall(nats.bus, callId), 'verbEnded')[0]?.outcome).toBe('no-answer');
  });

  test('is told when the caller goes away before the answer', async () => {
    dialBob(10);
    const callId = await place();
    const { legId } = await bob.next('incomingCall');
    await alice.say('hangUp', { legId: callId });
    expect(await bob.next('legEnded')).toEqual({ legId, status: CallStatus.CANCELED, cause: EndCause.CANCELED });
    expect(typesOf(await endedCall(nats.bus, callId)).slice(-3)).toEqual(['call.completed*', 'call.verb_ended', 'call.completed']);
  });

  test('that is lost ends its leg at once, and the call as its instructions say', async () => {
    dialBob(10);
    const callId = await place();
    const { legId } = await bob.next('incomingCall');
    await bob.say('answer', { legId, observationConsent: false });
    await alice.next('legBridged');
    bob.close();
    expect(await alice.next('legEnded')).toMatchObject({ legId: callId, status: CallStatus.COMPLETED });
    expect(valuesOf(await endedCall(nats.bus, callId), 'completed')[0]).toMatchObject({ status: CallStatus.COMPLETED, cause: EndCause.DEVICE_LOST });
  });

  test('of the caller that is lost ends the call', async () => {
    dialBob(10);
    const callId = await place();
    const { legId } = await bob.next('incomingCall');
    await bob.say('answer', { legId, observationConsent: false });
    await bob.next('legBridged');
    alice.close();
    expect(await bob.next('legEnded')).toMatchObject({ legId, status: CallStatus.COMPLETED, cause: EndCause.HANGUP });
    expect(valuesOf(await endedCall(nats.bus, callId), 'completed').at(-1)).toMatchObject({ cause: EndCause.DEVICE_LOST });
  });

  test('while it speaks, a caller that hangs up hears no more', async () => {
    app.twiml('/voice', (voice) => void voice.say({ loop: 0 }, 'Your call is important to us. Please stay on the line.'));
    const callId = await place();
    await eventually(() => expect(alice.heard.length).toBeGreaterThan(10));
    await alice.say('hangUp', { legId: callId });
    await alice.next('legEnded');
    const events = await endedCall(nats.bus, callId);
    expect(typesOf(events).slice(-2)).toEqual(['call.verb_ended', 'call.completed']);
    expect(valuesOf(events, 'verbEnded')[0]?.outcome).toBe('interrupted');
  });
});

describe('Reject', () => {
  test.each([
    ['busy', CallStatus.BUSY],
    ['rejected', CallStatus.NO_ANSWER],
  ] as const)('for reason %s, before anything was answered', async (reason, status) => {
    app.twiml('/voice', (voice) => void voice.reject({ reason }));
    const callId = await place();
    expect(await alice.next('legEnded')).toEqual({ legId: callId, status, cause: EndCause.REJECTED });
    expect(typesOf(await endedCall(nats.bus, callId))).not.toContain('call.answered');
  });
});
