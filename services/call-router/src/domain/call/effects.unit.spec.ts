import { describe, expect, test } from '@jest/globals';
import type { CallCommand } from './call-command.ts';
import { absentCall, counterpartOf } from './call-state.ts';
import type { Effect } from './effect.ts';
import { effectsOfAll, pendingEffects } from './effects.ts';
import { childId, dialBob, inbound, outbound, rootId, sayHello, Scenario } from './scenario.fixture.ts';

const { statusCallbackUrl: _url, ...silent } = inbound.application;
const place = { ...inbound, application: silent };

/** The effects of one command. */
function effects(call: Scenario, command: CallCommand): Effect[] {
  const before = call.state;
  return effectsOfAll(before, call.when(command).last.events);
}

const received = (call: Scenario, ...verbs: Parameters<Scenario['fetched']>): CallCommand => ({ kind: 'instructions_received', turn: call.turn, verbs, durationMs: 1 });

describe('effects', () => {
  test('of an inbound call: the device is told, instructions are fetched', () => {
    expect(effects(new Scenario(), place)).toEqual([
      { kind: 'tell_device', legId: rootId, message: { kind: 'call_placed', requestId: 'r-1', callId: rootId, legId: rootId } },
      { kind: 'tell_device', legId: rootId, message: { kind: 'leg_ringing', legId: rootId } },
      { kind: 'fetch_instructions', turn: 1, request: { url: place.application.voiceUrl, method: 'POST', reason: 'voice', parameters: {} } },
    ]);
  });

  test('of an outbound call: the device rings', () => {
    expect(effects(new Scenario(), { ...outbound, application: silent })).toEqual([{ kind: 'ring_device', legId: rootId }]);
  });

  test('of Say: it is spoken, and stopped when its verb ends', () => {
    const call = new Scenario().when(place);
    expect(effects(call, received(call, sayHello))).toEqual([
      { kind: 'tell_device', legId: rootId, message: { kind: 'leg_answered', legId: rootId } },
      { kind: 'say', turn: 4, legId: rootId, text: 'hello', loop: 1 },
    ]);
    expect(effects(call, { kind: 'hang_up', legId: rootId })[0]).toEqual({ kind: 'stop_saying' });
  });

  test('of a bridge: both devices are told, and what one types the other gets', () => {
    const call = new Scenario().when(place).fetched(dialBob);
    expect(effects(call, { kind: 'answer', legId: childId, consents: false })).toEqual([
      { kind: 'tell_device', legId: childId, message: { kind: 'leg_answered', legId: childId } },
      { kind: 'tell_device', legId: rootId, message: { kind: 'leg_bridged', legId: rootId, otherLegId: childId } },
      { kind: 'tell_device', legId: childId, message: { kind: 'leg_bridged', legId: childId, otherLegId: rootId } },
    ]);
    expect(counterpartOf(call.state, rootId)).toBe(childId);
    expect(counterpartOf(call.state, childId)).toBe(rootId);
    expect(counterpartOf(call.state, 'CAother')).toBeUndefined();
    expect(effects(call, { kind: 'send_text', legId: childId, text: 'hi' })).toEqual([
      { kind: 'tell_device', legId: rootId, message: { kind: 'text_received', legId: rootId, text: 'hi' } },
    ]);
    expect(effects(call, { kind: 'send_digits', legId: rootId, digits: '1' })).toEqual([
      { kind: 'tell_device', legId: childId, message: { kind: 'digits_received', legId: childId, digits: '1' } },
    ]);
    expect(effects(call, { kind: 'start_video', legId: rootId })).toEqual([
      { kind: 'grant_observation', legId: rootId, video: { startedMs: call.nowMs, mediaOriginMs: call.nowMs, counterpartConsents: false } },
    ]);
  });

  test('text without a counterpart goes nowhere', () => {
    const call = new Scenario().when(place).fetched(sayHello);
    expect(effects(call, { kind: 'send_text', legId: rootId, text: 'hi' })).toEqual([]);
  });
});

describe('status callbacks', () => {
  const posted = (found: Effect[]) => found.filter((effect) => effect.kind === 'post_status_callback').map(({ callback }) => callback);

  test('go out one after the other, numbered from 0, past the end of the call', () => {
    const call = new Scenario();
    const statuses: string[] = [];
    const settle = (number: number) => posted(effects(call, { kind: 'status_callback_settled', number }));
    let [next] = posted(effects(call, inbound));
    call.fetched(sayHello).spoken();
    expect(call.state.kind).toBe('ended');
    expect(pendingEffects(call.state)).toEqual([{ kind: 'post_status_callback', callback: next }]);
    for (let number = 0; next !== undefined; number += 1) {
      expect(next.number).toBe(number);
      statuses.push(next.callStatus);
      [next] = settle(number);
    }
    expect(statuses).toEqual(['initiated', 'ringing', 'in-progress', 'completed']);
    expect(call.state).toMatchObject({ callbacks: [] });
    expect(settle(3)).toEqual([]);
  });

  test('are not made of dialled legs, and not without a URL', () => {
    const call = new Scenario().when(inbound).fetched(dialBob);
    expect(call.state).toMatchObject({ callbacks: [{ number: 0 }, { number: 1 }, { number: 2 }] });
    expect(posted(effectsOfAll(absentCall, new Scenario().when(place).events))).toEqual([]);
  });
});
