import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attemptRecord, endpointPauseMs, healthOf, judge, type AttemptContext } from './attempt.ts';
import { parseSchedule, schedulePattern } from './retry-schedule.ts';

const now = new Date('2026-01-01T00:00:00Z');
const context: AttemptContext = { schedule: [0, 5_000, 300_000], attempts: 1, now, random: 0 };
const answered = (status: number, retryAfter?: string) => ({ kind: 'answered', status, retryAfter }) as const;
const after = (ms: number) => new Date(now.getTime() + ms);

describe('judge', () => {
  test.each([200, 201, 204, 299])('%i is delivered', (status) => {
    expect(judge(answered(status), context)).toEqual({ kind: 'delivered' });
  });

  test('410 ends the subscription, also at the last attempt', () => {
    expect(judge(answered(410), { ...context, attempts: 3 })).toEqual({ kind: 'gone' });
  });

  test.each([301, 302, 400, 404, 429, 500, 503])('%i is tried again', (status) => {
    expect(judge(answered(status), context)).toEqual({ kind: 'retry', at: after(5_000), reason: `webhook.failed: status ${status}` });
  });

  test('no answer is tried again', () => {
    expect(judge({ kind: 'failed', code: 'egress.timeout' }, { ...context, attempts: 2 })).toEqual({ kind: 'retry', at: after(300_000), reason: 'egress.timeout' });
  });

  test('is dead with the reason when the schedule has ended', () => {
    expect(judge(answered(500), { ...context, attempts: 3 })).toEqual({ kind: 'dead', reason: 'webhook.failed: status 500' });
  });

  test.each([
    ['seconds', '60', 60_000],
    ['a date', 'Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['less than the schedule', '1', 5_000],
    ['a date that is past', 'Wed, 31 Dec 2025 00:00:00 GMT', 5_000],
    ['nonsense', 'soon', 5_000],
    ['for ever', '999999999', 24 * 3_600_000],
  ])('Retry-After: %s', (_, header, ms) => {
    expect(judge(answered(429, header), context)).toMatchObject({ kind: 'retry', at: after(ms) });
  });

  test('what failed together is not tried again together', () => {
    expect([0, 0.5].map((random) => judge(answered(500), { ...context, random }))).toMatchObject([{ at: after(5_000) }, { at: after(5_500) }]);
  });

  test('jitter only ever adds, and at most a fifth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 2 }), (random, attempts) => {
        const verdict = judge(answered(500), { ...context, attempts, random });
        const delayMs = context.schedule[attempts]!;
        const waitedMs = verdict.kind === 'retry' ? verdict.at.getTime() - now.getTime() : Number.NaN;
        expect(waitedMs).toBeGreaterThanOrEqual(delayMs);
        expect(waitedMs).toBeLessThanOrEqual(delayMs * 1.2);
      }),
    );
  });
});

describe('what an attempt tells of the endpoint', () => {
  test.each([
    ['well', answered(200)],
    ['well', answered(404)],
    ['well', answered(410)],
    ['ill', answered(429)],
    ['ill', answered(500)],
    ['ill', answered(503)],
    ['ill', { kind: 'failed', code: 'egress.connect_failed' } as const],
    ['ill', { kind: 'failed', code: 'egress.timeout' } as const],
    ['unknown', { kind: 'failed', code: 'egress.cancelled' } as const],
  ])('%s: %j', (health, result) => {
    expect(healthOf(result)).toBe(health);
  });

  test.each([
    [answered(429, '60'), 60_000],
    [answered(503, '60'), 60_000],
    [answered(503, '86400'), 3_600_000],
    [answered(429), 0],
    [answered(500, '60'), 0],
  ])('%j leaves it alone for %i ms', (result, ms) => {
    expect(endpointPauseMs(result, now)).toBe(ms);
  });
});

describe('an attempt on record', () => {
  const event = { subscriptionId: 's', eventId: 'e', callId: 'CA1' };
  const times = { number: 2, timeMs: 7, latencyMs: 3 };

  test.each([
    [answered(200), { outcome: 'delivered', status: 200, code: '' }],
    [answered(500), { outcome: 'retry', status: 500, code: 'webhook.failed' }],
    [answered(410), { outcome: 'dead', status: 410, code: 'webhook.gone' }],
    [{ kind: 'failed', code: 'egress.timeout' } as const, { outcome: 'retry', status: 0, code: 'egress.timeout' }],
  ])('%j', (result, expected) => {
    expect(attemptRecord(event, result, judge(result, context), times)).toMatchObject({ ...event, ...times, ...expected });
  });
});

describe('a schedule as text', () => {
  test('has its delays in ms', () => {
    expect(parseSchedule('0s,500ms,5m,2h')).toEqual([0, 500, 300_000, 7_200_000]);
  });

  test.each(['', '5', '5 s', '5s,', ',5s', '5d', '-5s'])('%j is none', (text) => {
    expect(schedulePattern.test(text)).toBe(false);
  });
});
