import { describe, expect, test } from '@jest/globals';
import { everyEvent } from '@parley/filters';
import { assertStartFits, beginningTimes, earliestBeginningMs, lookbackTimes, retentionTimes } from './start.ts';

const nowMs = 1_000_000;
const retentionMs = { call: 500_000, reaction: 300_000, billing: 100_000 };
const calls = { ...everyEvent, types: ['call.completed', 'app.*'] };
const code = (code: string) => expect.objectContaining({ code });

describe('a start', () => {
  test('with the beginning of a call needs calls, and a look back is not negative', () => {
    expect(() => assertStartFits({ kind: 'beginning-of-call' }, everyEvent)).toThrow(code('subscription.invalid_start'));
    expect(() => assertStartFits({ kind: 'beginning-of-call' }, { ...everyEvent, callIds: ['CA1'] })).not.toThrow();
    expect(() => assertStartFits({ kind: 'lookback', lookbackMs: -1 }, everyEvent)).toThrow(code('subscription.invalid_start'));
    expect(() => assertStartFits({ kind: 'lookback', lookbackMs: 0 }, everyEvent)).not.toThrow();
  });

  test('looks back as far as is kept of each class that is asked for', () => {
    expect(lookbackTimes(100_000, everyEvent, retentionMs, nowMs)).toEqual({ call: 900_000, reaction: 900_000, billing: 900_000 });
    expect(() => lookbackTimes(100_001, everyEvent, retentionMs, nowMs)).toThrow(code('subscription.start_expired'));
  });

  test('is not refused for a class that is not asked for, which begins as early as it may', () => {
    expect(lookbackTimes(500_000, calls, retentionMs, nowMs)).toEqual({ call: 500_000, reaction: 700_000, billing: 900_000 });
    expect(() => lookbackTimes(500_001, calls, retentionMs, nowMs)).toThrow(code('subscription.start_expired'));
  });

  test('with the beginnings of calls is with the earliest, and refused when one is not kept', () => {
    const earliestMs = earliestBeginningMs(calls, retentionMs, nowMs);
    expect(earliestMs).toBe(500_000);
    const { call } = beginningTimes([{ callId: 'CA1', timeMs: 700_000 }, { callId: 'CA2', timeMs: 600_000 }], earliestMs);
    // Another class may have been stored by a server whose clock is a little behind.
    expect(call).toBe(595_000);
    for (const timeMs of [undefined, 499_999]) {
      expect(() => beginningTimes([{ callId: 'CA1', timeMs: 700_000 }, { callId: 'CA2', timeMs }], earliestMs)).toThrow(code('subscription.start_expired'));
    }
  });

  test('with the beginning of a call is bounded by the class of which least is kept', () => {
    expect(earliestBeginningMs(everyEvent, retentionMs, nowMs)).toBe(900_000);
  });

  test('of a class that is not asked for is not bounded for a cursor', () => {
    expect(retentionTimes(calls, retentionMs, nowMs)).toEqual({ call: 500_000, reaction: 0, billing: 0 });
  });
});
