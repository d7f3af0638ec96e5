import { describe, expect, test } from '@jest/globals';
import { childId, dialBob, inbound, outbound, rootId, sayHello, Scenario } from './scenario.fixture.ts';

const bridged = () => new Scenario().when(inbound).fetched(dialBob).when({ kind: 'answer', legId: childId, consents: false }, 2000);

describe('a call that a device places', () => {
  test('rings and asks for instructions', () => {
    const call = new Scenario().when(inbound);
    expect(call.happened).toEqual(['initiated', 'ringing']);
    expect(call.state).toMatchObject({ kind: 'live', program: { kind: 'fetching', turn: 1, request: { reason: 'voice', method: 'POST' } } });
  });

  test('is answered by the first verb that needs it, speaks, and ends with its document', () => {
    const call = new Scenario().when(inbound).fetched(sayHello);
    expect(call.happened).toEqual(['instructions_fetched', 'answered', 'verb_started']);
    call.when({ kind: 'speech_ended', turn: call.turn, code: '' }, 1500);
    expect(call.happened).toEqual(['verb_ended', 'completed']);
    expect(call.find('completed')).toMatchObject({ status: 'completed', cause: 'instructions_ended', durationMs: 1500, final: true });
  });

  test('that billing refuses ends before anything rings', () => {
    const call = new Scenario().when({ ...inbound, authorization: { kind: 'refused' } });
    expect(call.happened).toEqual(['initiated', 'completed']);
    expect(call.find('completed')).toMatchObject({ status: 'failed', cause: 'not_authorized', final: true });
  });

  test('that the caller gives up before the answer is canceled', () => {
    const call = new Scenario().when(inbound).when({ kind: 'hang_up', legId: rootId });
    expect(call.find('completed')).toMatchObject({ status: 'canceled', cause: 'canceled' });
  });

  test('that is rejected is never answered', () => {
    const call = new Scenario().when(inbound).fetched({ verb: 'Reject', reason: 'busy' });
    expect(call.happened).toEqual(['instructions_fetched', 'verb_started', 'verb_ended', 'completed']);
    expect(call.find('completed')).toMatchObject({ status: 'busy', cause: 'rejected', durationMs: 0 });
  });

  test('with an empty document is answered and ends', () => {
    const call = new Scenario().when(inbound).fetched();
    expect(call.happened).toEqual(['instructions_fetched', 'answered', 'completed']);
  });

  test('that is hung up while it speaks ends the verb first', () => {
    const call = new Scenario().when(inbound).fetched(sayHello).when({ kind: 'hang_up', legId: rootId });
    expect(call.happened).toEqual(['verb_ended', 'completed']);
    expect(call.find('verb_ended')).toMatchObject({ outcome: 'interrupted' });
  });

  test('a verb that failed is named, and the next one runs', () => {
    const call = new Scenario().when(inbound).fetched(sayHello, { verb: 'Pause', lengthMs: 1000 });
    call.when({ kind: 'speech_ended', turn: call.turn, code: 'instructions.speech_failed' });
    expect(call.happened).toEqual(['verb_ended', 'verb_started']);
    expect(call.find('verb_ended').code).toBe('instructions.speech_failed');
  });

  test('a pause ends at its time and not before', () => {
    const call = new Scenario().when(inbound).fetched({ verb: 'Pause', lengthMs: 1000 }, { verb: 'Hangup' });
    expect(call.when({ kind: 'time_passed' }, 999).happened).toEqual([]);
    expect(call.when({ kind: 'time_passed' }, 1).happened).toEqual(['verb_ended', 'answered', 'verb_started', 'verb_ended', 'completed']);
  });
});

describe('Dial', () => {
  test('calls a leg of its own, from the caller or the callerId', () => {
    const call = new Scenario().when(inbound).fetched(dialBob);
    expect(call.happened).toEqual(['instructions_fetched', 'answered', 'verb_started', 'initiated*']);
    expect(call.find('initiated')).toMatchObject({ parentLegId: rootId, from: 'client:alice', to: 'client:bob', direction: 'outbound-dial' });
    const other = new Scenario().when(inbound).fetched({ ...dialBob, callerId: '+15550199' });
    expect(other.find('initiated').from).toBe('+15550199');
  });

  test('bridges on answer; when the callee hangs up the next verb runs', () => {
    const call = new Scenario().when(inbound).fetched(dialBob, sayHello).when({ kind: 'report_ringing', legId: childId });
    expect(call.happened).toEqual(['ringing*']);
    expect(call.when({ kind: 'answer', legId: childId, consents: false }, 2000).happened).toEqual(['answered*', 'bridged']);
    call.when({ kind: 'hang_up', legId: childId }, 5000);
    expect(call.happened).toEqual(['completed*', 'verb_ended', 'verb_started']);
    expect(call.find('completed')).toMatchObject({ status: 'completed', cause: 'hangup', durationMs: 5000, final: false });
    expect(call.find('verb_ended').outcome).toBe('completed');
  });

  test('when the caller hangs up, the callee ends first and the root last', () => {
    const call = bridged().when({ kind: 'hang_up', legId: rootId }, 1000);
    expect(call.happened).toEqual(['completed*', 'verb_ended', 'completed']);
    expect(call.last.events.at(-1)).toMatchObject({ kind: 'completed', cause: 'hangup', final: true });
  });

  test.each([
    ['declines', { kind: 'decline', legId: childId }, 'busy', 'busy'],
    ['is not registered', { kind: 'device_unreachable', legId: childId }, 'failed', 'unreachable'],
    ['is lost', { kind: 'device_lost', legId: childId }, 'failed', 'device_lost'],
  ] as const)('asks the action URL when the callee %s', (_what, command, status, cause) => {
    const action = { url: 'https://app.example/dialled', method: 'GET' } as const;
    const call = new Scenario().when(inbound).fetched({ ...dialBob, action }, sayHello).when(command);
    expect(call.find('completed')).toMatchObject({ status, cause });
    expect(call.find('verb_ended').next).toEqual({
      ...action,
      reason: 'action',
      parameters: { DialCallStatus: status, DialCallSid: childId, DialCallDuration: '0', DialBridged: 'false' },
    });
    expect(call.state).toMatchObject({ program: { kind: 'fetching', request: { reason: 'action' } } });
  });

  test('gives up after its timeout', () => {
    const call = new Scenario().when(inbound).fetched(dialBob, { verb: 'Hangup' });
    expect(call.when({ kind: 'time_passed' }, 19_999).happened).toEqual([]);
    call.when({ kind: 'time_passed' }, 1);
    expect(call.last.events[0]).toMatchObject({ kind: 'completed', legId: childId, status: 'no-answer', cause: 'no_answer' });
    expect(call.find('verb_ended').outcome).toBe('no-answer');
  });

  test('ends a connection that lasts longer than its limit', () => {
    const call = bridged().when({ kind: 'time_passed' }, 60_000);
    expect(call.last.events[0]).toMatchObject({ kind: 'completed', legId: childId, status: 'completed', durationMs: 60_000 });
  });

  test('cancels the ringing callee when the caller goes away', () => {
    const call = new Scenario().when(inbound).fetched(dialBob).when({ kind: 'hang_up', legId: rootId });
    expect(call.last.events[0]).toMatchObject({ kind: 'completed', legId: childId, status: 'canceled', cause: 'canceled' });
    expect(call.find('verb_ended').outcome).toBe('canceled');
  });
});

describe('instructions that cannot be had', () => {
  const missing = { kind: 'instructions_missing', code: 'instructions.http_status', twilioCode: 11200, httpStatus: 500 } as const;

  test('the fallback URL is asked with what went wrong; when it fails too, the call ends', () => {
    const call = new Scenario().when(inbound);
    call.when({ ...missing, turn: call.turn });
    expect(call.find('instructions_failed')).toMatchObject({ code: 'instructions.http_status', twilioCode: 11200, httpStatus: 500 });
    expect(call.state).toMatchObject({
      program: { request: { reason: 'fallback', parameters: { ErrorCode: '11200', ErrorUrl: 'https://app.example/voice?key=1' } } },
    });
    call.when({ ...missing, turn: call.turn });
    expect(call.happened).toEqual(['instructions_failed', 'completed']);
    expect(call.find('completed')).toMatchObject({ status: 'failed', cause: 'instructions_failed' });
  });

  test('without a fallback URL the call ends at once', () => {
    const { fallbackUrl: _none, ...application } = inbound.application;
    const call = new Scenario().when({ ...inbound, application });
    call.when({ ...missing, turn: call.turn });
    expect(call.happened).toEqual(['instructions_failed', 'completed']);
  });

  test('an answer to an earlier request is dropped', () => {
    const call = new Scenario().when(inbound);
    const { turn } = call;
    call.when({ kind: 'update', requestId: 'u-1', change: { kind: 'url', url: 'https://app.example/other' } });
    expect(call.when({ kind: 'instructions_received', turn, verbs: [sayHello], durationMs: 1 }).happened).toEqual([]);
    expect(call.state).toMatchObject({ program: { kind: 'fetching', request: { url: 'https://app.example/other' } } });
  });

  test('documents that redirect for ever are stopped, the fallback included', () => {
    const to = { url: 'https://app.example/again', method: 'POST' } as const;
    const call = new Scenario().when(inbound);
    for (let round = 0; round < 100 && call.state.kind === 'live'; round += 1) call.fetched({ verb: 'Redirect', to });
    expect(call.find('instructions_failed')).toMatchObject({ code: 'instructions.too_many', twilioCode: 11215 });
    expect(call.find('completed').cause).toBe('instructions_failed');
  });

  test('a call has at most 1,000 legs: one more ends it, without the fallback', () => {
    const to = { url: 'https://app.example/again', method: 'POST' } as const;
    const call = new Scenario().when(inbound);
    for (let dialled = 0; dialled < 2_000 && call.state.kind === 'live'; ) {
      call.fetched(...Array.from({ length: 300 }, () => dialBob), { verb: 'Redirect', to });
      for (let leg = 0; leg < 300 && call.state.kind === 'live'; leg += 1, dialled += 1) {
        call.when({ kind: 'device_unreachable', legId: call.find('initiated').legId }, 1_000);
      }
    }
    expect(call.state).toMatchObject({ kind: 'ended', legs: { length: 1_000 } });
    expect(call.happened.slice(-4)).toEqual(['verb_started', 'verb_ended', 'instructions_failed', 'completed']);
    expect(call.find('instructions_failed')).toMatchObject({ code: 'instructions.too_many' });
    expect(call.find('completed').legId).not.toBe(rootId);
    expect(call.events.at(-1)).toMatchObject({ kind: 'completed', legId: rootId, cause: 'instructions_failed', final: true });
  });

  test('documents that take their time may redirect for long', () => {
    const to = { url: 'https://app.example/again', method: 'POST' } as const;
    const call = new Scenario().when(inbound);
    for (let round = 0; round < 100; round += 1) call.fetched({ verb: 'Pause', lengthMs: 1000 }, { verb: 'Redirect', to }).when({ kind: 'time_passed' }, 1000);
    expect(call.state.kind).toBe('live');
  });
});

describe('a call that the API places', () => {
  test('rings the device and asks for instructions once it answers', () => {
    const call = new Scenario().when(outbound);
    expect(call.happened).toEqual(['initiated']);
    expect(call.when({ kind: 'report_ringing', legId: rootId }).happened).toEqual(['ringing']);
    expect(call.when({ kind: 'answer', legId: rootId, consents: false }).happened).toEqual(['answered']);
    expect(call.state).toMatchObject({ program: { kind: 'fetching', request: { reason: 'voice' } } });
  });

  test.each([
    ['declines', { kind: 'decline', legId: rootId }, 'busy', 'busy'],
    ['is not registered', { kind: 'device_unreachable', legId: rootId }, 'failed', 'unreachable'],
  ] as const)('ends when the device %s', (_what, command, status, cause) => {
    expect(new Scenario().when(outbound).when(command).find('completed')).toMatchObject({ status, cause, final: true });
  });

  test('ends when nobody answers in time', () => {
    const call = new Scenario().when(outbound).when({ kind: 'time_passed' }, 30_000);
    expect(call.find('completed')).toMatchObject({ status: 'no-answer', cause: 'no_answer' });
  });
});

describe('an update through the API', () => {
  const document = { kind: 'update', requestId: 'u-1', change: { kind: 'document', verbs: [sayHello] } } as const;

  test('replaces what runs, once', () => {
    const call = bridged().when(document);
    expect(call.happened).toEqual(['completed*', 'verb_ended', 'updated', 'verb_started']);
    expect(call.when(document).happened).toEqual([]);
    expect(call.last.refusal).toBeUndefined();
  });

  test('ends the call', () => {
    const call = bridged().when({ kind: 'update', requestId: 'u-2', change: { kind: 'hang_up' } });
    expect(call.happened).toEqual(['updated', 'completed*', 'verb_ended', 'completed']);
    expect(call.find('completed')).toMatchObject({ cause: 'api' });
    expect(call.when({ kind: 'update', requestId: 'u-2', change: { kind: 'hang_up' } }).last.refusal).toBeUndefined();
    expect(call.when({ kind: 'update', requestId: 'u-3', change: { kind: 'hang_up' } }).last.refusal).toBe('call.ended');
  });

  test('finds nobody to talk to while the device is being called', () => {
    expect(new Scenario().when(outbound).when(document).last.refusal).toBe('call.wrong_state');
  });

  test('an application event takes its place in the sequence, once', () => {
    const event = { kind: 'publish_application_event', requestId: 'e-1', name: 'order_placed', dataJson: '{}' } as const;
    const call = bridged();
    const before = call.events.length;
    expect(call.when(event).find('application_event_published')).toMatchObject({ sequence: before, name: 'order_placed' });
    expect(call.when(event).happened).toEqual([]);
  });
});

describe('what a device sends', () => {
  test('digits and text are events, and have to be what they should', () => {
    const call = bridged();
    expect(call.when({ kind: 'send_digits', legId: rootId, digits: '12#' }).happened).toEqual(['digits_received']);
    expect(call.when({ kind: 'send_digits', legId: rootId, digits: '12x' }).last.refusal).toBe('device.invalid_digits');
    expect(call.when({ kind: 'send_text', legId: childId, text: 'hi' }).happened).toEqual(['text_received*']);
    expect(call.when({ kind: 'send_text', legId: childId, text: 'ü'.repeat(2049) }).last.refusal).toBe('device.text_too_large');
  });

  test('of an unknown or ended leg, or too early, is refused', () => {
    const call = new Scenario().when(inbound).fetched(dialBob);
    expect(call.when({ kind: 'answer', legId: 'CAff', consents: false }).last.refusal).toBe('not_found.leg');
    expect(call.when({ kind: 'start_video', legId: childId }).last.refusal).toBe('call.wrong_state');
    expect(call.when({ kind: 'answer', legId: rootId, consents: false }).last.refusal).toBe('call.wrong_state');
    call.when({ kind: 'decline', legId: childId });
    expect(call.state.kind).toBe('ended');
  });

  test('a video says whether who is seen in it has consented, each side for itself', () => {
    const videos = (caller: boolean, callee: boolean) => {
      const call = new Scenario().when({ ...inbound, consents: caller }).fetched(dialBob).when({ kind: 'answer', legId: childId, consents: callee });
      call.when({ kind: 'start_video', legId: rootId });
      const seenByCaller = call.find('video_started').counterpartConsents;
      call.when({ kind: 'start_video', legId: childId });
      return [seenByCaller, call.find('video_started').counterpartConsents];
    };
    expect([videos(false, true), videos(true, false), videos(true, true), videos(false, false)]).toEqual([[true, false], [false, true], [true, true], [false, false]]);
  });

  test('the first video fixes the origin of media time, and ends with its leg', () => {
    const call = bridged().when({ kind: 'start_video', legId: rootId }, 100);
    const { mediaOriginMs } = call.find('video_started');
    expect(mediaOriginMs).toBe(call.nowMs);
    call.when({ kind: 'start_video', legId: childId }, 50);
    expect(call.find('video_started')).toMatchObject({ party: 'callee', mediaOriginMs });
    expect(call.when({ kind: 'stop_video', legId: rootId }, 50).find('video_stopped')).toMatchObject({ party: 'caller', mediaTimeMs: 100 });
    expect(call.when({ kind: 'stop_video', legId: rootId }).last.refusal).toBe('call.wrong_state');
    call.when({ kind: 'hang_up', legId: rootId }, 900);
    expect(call.happened).toEqual(['video_stopped*', 'completed*', 'verb_ended', 'completed']);
    expect(call.find('video_stopped').mediaTimeMs).toBe(1000);
  });

  test('a video ends with who is seen in it; of who is seen next it says anew whether they have consented', () => {
    const call = new Scenario().when(inbound).fetched(dialBob, { ...dialBob, target: 'client:carol' }).when({ kind: 'answer', legId: childId, consents: true });
    call.when({ kind: 'start_video', legId: rootId });
    expect(call.when({ kind: 'hang_up', legId: childId }, 500).happened.slice(0, 2)).toEqual(['video_stopped', 'completed*']);
    const carolsLeg = call.find('initiated').legId;
    expect(call.when({ kind: 'answer', legId: carolsLeg, consents: false }).happened).toEqual(['answered*', 'bridged']);
    call.when({ kind: 'start_video', legId: rootId });
    expect(call.find('video_started')).toMatchObject({ legId: rootId, counterpartConsents: false });
  });

  test('a video that is displayed before anybody is to be seen is told again once somebody is', () => {
    const call = new Scenario().when(inbound).fetched(dialBob).when({ kind: 'start_video', legId: rootId });
    const { mediaOriginMs, counterpartConsents } = call.find('video_started');
    expect(counterpartConsents).toBe(false);
    expect(call.when({ kind: 'answer', legId: childId, consents: true }, 700).happened).toEqual(['answered*', 'bridged', 'video_started']);
    expect(call.find('video_started')).toMatchObject({ legId: rootId, mediaOriginMs, counterpartConsents: true });
  });
});

test('a lost router ends every leg at the instant that is given, and never before its last event', () => {
  const call = bridged().when({ kind: 'router_lost' }, -5000);
  const completed = call.last.events.filter((event) => event.kind === 'completed');
  expect(completed.map(({ cause, atMs }) => ({ cause, atMs }))).toEqual([
    { cause: 'router_lost', atMs: 3000 },
    { cause: 'router_lost', atMs: 3000 },
  ]);
  expect(call.last.events.at(-1)).toMatchObject({ kind: 'completed', legId: rootId, final: true });
});
