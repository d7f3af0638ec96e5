import { describe, expect, test } from '@jest/globals';
import { effectsOf, evolveCall, newCallRecord, type CallEvent, type Effect } from './call-record.ts';

const ORIGIN = 1_700_000_000_000;

function given(...events: CallEvent[]): Effect[] {
  let record = newCallRecord('CA1');
  let effects: Effect[] = [];
  for (const event of events) {
    effects = effectsOf(event, record);
    record = evolveCall(record, event);
  }
  return effects;
}

const started = (party: 'caller' | 'callee', legId: string, atMs = 0): CallEvent => ({ type: 'video_started', party, legId, mediaOriginMs: ORIGIN, consents: true, atMs: ORIGIN + atMs });
const completed = (legId: string, atMs: number, final = false): CallEvent => ({ type: 'leg_completed', legId, atMs: ORIGIN + atMs, final });

describe('what the events of a call mean for its sides', () => {
  test('the end of the call ends each side that displayed video, in media time', () => {
    expect(given(started('caller', 'A'), started('callee', 'B', 300), completed('A', 9000, true))).toEqual([
      { party: 'caller', legId: 'A', command: { type: 'complete', atMs: 9000 } },
      { party: 'callee', legId: 'B', command: { type: 'complete', atMs: 9000 } },
    ]);
  });

  test('without video there is nothing to end', () => {
    expect(given({ type: 'other' }, completed('A', 9000, true))).toEqual([]);
  });

  test('the end of a leg stops that side alone, which another leg may start again', () => {
    expect(given(started('caller', 'A'), started('callee', 'B'), completed('B', 4000))).toEqual([{ party: 'callee', legId: 'B', command: { type: 'stop_video', atMs: 4000 } }]);
    expect(given(started('callee', 'B'), completed('B', 4000), started('callee', 'C', 6000))).toEqual([
      { party: 'callee', legId: 'C', command: { type: 'start_video', atMs: 6000, consents: true } },
    ]);
    expect(given(started('callee', 'B'), started('callee', 'C', 6000), completed('B', 7000))).toEqual([]);
  });

  test('video that stops without having started means nothing', () => {
    expect(given({ type: 'video_stopped', party: 'caller', mediaTimeMs: 10 })).toEqual([]);
    expect(given(started('caller', 'A'), { type: 'video_stopped', party: 'caller', mediaTimeMs: 10 })).toEqual([
      { party: 'caller', legId: 'A', command: { type: 'stop_video', atMs: 10 } },
    ]);
  });
});
