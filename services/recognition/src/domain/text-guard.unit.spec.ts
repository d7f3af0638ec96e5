import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { noise } from '../test-support/sounds.ts';
import type { TextMeasurement } from './measurement.ts';
import { initialTextGuard, judgeText, MAX_IN_A_ROW, MAX_TYPING_MS } from './text-guard.ts';

type Text = readonly [atMs: number, digest: string];

const TYPING: TextMeasurement = { channel: 'text', kind: 'typing', readable: false, digest: '' };
const message = (digest: string): TextMeasurement => ({ channel: 'text', kind: 'message', readable: true, digest });

/** Of each whether it counts; `…` is a typing signal. */
function judged(texts: readonly Text[], from = initialTextGuard): boolean[] {
  let state = from;
  return texts.map(([atMs, digest]) => {
    const next = judgeText(state, atMs, digest === '…' ? TYPING : message(digest));
    state = next.state;
    return next.counts;
  });
}

/** Texts one after the other, each at an interval from the one before. */
const at = (...steps: readonly (readonly [intervalMs: number, digest: string])[]): Text[] => {
  let nowMs = 0;
  return steps.map(([intervalMs, digest]) => [(nowMs += intervalMs), digest]);
};
const every = (intervalMs: number, ...digests: readonly string[]): Text[] => at(...digests.map((digest) => [intervalMs, digest] as const));
const repeated = (times: number, ...digests: readonly string[]): string[] => Array.from({ length: times }, () => digests).flat();

describe('texts of a machine', () => {
  test('the same at regular intervals counts twice', () => {
    expect(judged(every(20_000, ...repeated(6, 'a')))).toEqual([true, true, false, false, false, false]);
  });

  test('a rhythm is one with less than a tenth of jitter, and ends with an interval that is another', () => {
    const [one, two, three] = [[20_000, 'a'], [18_100, 'a'], [19_900, 'a']] as const;
    expect(judged(at(one, two, three))).toEqual([true, true, false]);
    expect(judged(at(one, two, [16_200, 'a'], [40_000, 'a']))).toEqual([true, true, true, true]);
    expect(judged(at(one, one, one, [30_000, 'a'], [20_000, 'a'], [20_000, 'a']))).toEqual([true, true, false, true, true, false]);
  });

  test('few texts in turn do not count either, however they are spaced within a turn', () => {
    expect(judged(every(10_000, ...repeated(4, 'a', 'b')))).toEqual([true, true, true, true, true, false, false, false]);
    expect(judged(every(5000, ...repeated(5, ...'a b c d e f g'.split(' ')))).slice(21)).toEqual(Array.from({ length: 14 }, () => false));
    const turn = [[1000, 'a'], [7000, 'b'], [3000, 'c']] as const;
    expect(judged(at(...turn, ...turn, ...turn, ...turn)).slice(9)).toEqual([false, false, false]);
  });

  test('few texts in any order do not count at regular intervals', () => {
    expect(judged(every(10_000, ...'a a b c b b a c a b'.split(' '))).slice(5)).toEqual([false, false, false, false, false]);
  });

  test('one text does not count more than ten times while nothing else is said, at whatever intervals', () => {
    const intervals = fc.array(fc.integer({ min: 1, max: 120_000 }), { minLength: 11, maxLength: 40 });
    fc.assert(
      fc.property(intervals, (all) => {
        const texts = at(...all.map((interval) => [interval, 'a'] as const));
        expect(judged(texts).slice(MAX_IN_A_ROW).every((counts) => !counts)).toBe(true);
      }),
    );
  });

  test('a typing indicator that is stuck counts for half a minute, and again after a message', () => {
    expect(judged(every(3000, ...repeated(20, '…'))).lastIndexOf(true)).toBe(MAX_TYPING_MS / 3000 - 1);
    expect(judged(at(...repeated(11, '…').map((one) => [3000, one] as const), [500, 'hi'], [3000, '…'])).slice(-3)).toEqual([false, true, true]);
    expect(judged(at(...repeated(11, '…').map((one) => [3000, one] as const), [600_000, '…'])).at(-1)).toBe(false);
  });

  test('a message that does not count does not renew the time of typing', () => {
    const typing = ['…', '…', '…', '…'];
    const said = (...texts: string[]): boolean[] => judged(every(20_000, ...texts.flatMap((one) => [one, ...typing])));
    expect(said('a', 'a', 'a')).toEqual([...repeated(10, 'x').map(() => true), false, true, false, false, false]);
    expect(said('a', 'a', 'b')).not.toContain(false);
  });

  test('typing at whatever intervals counts for half a minute at most, by the time that it stands for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 100 }), (intervals) => {
        const counted = judged(at(...intervals.map((interval) => [interval, '…'] as const))).lastIndexOf(true);
        const stoodFor = intervals.slice(1, counted + 1).reduce((sum, interval) => sum + Math.min(interval, 5000), 0);
        expect(stoodFor).toBeLessThan(MAX_TYPING_MS);
      }),
    );
  });
});

describe('texts of a person', () => {
  test('short ones at irregular times count', () => {
    expect(judged(at([900, 'ok'], [2500, 'ok'], [7000, 'haha'], [1200, 'ok'], [11_000, 'yes'], [3000, 'ok'], [900, 'haha'], [6400, 'ok']))).not.toContain(false);
  });

  test('texts that are all different count at any intervals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 60 }), (intervals) => {
        expect(judged(at(...intervals.map((interval, nth) => [interval, String(nth)] as const)))).not.toContain(false);
      }),
    );
  });

  test('few texts count as long as no two intervals are alike', () => {
    // An interval that is longer than all before it together is like none of them, whichever texts lie between.
    const digests = fc.array(fc.constantFrom('ok', 'haha', 'yes', 'no'), { maxLength: 30 });
    fc.assert(
      fc.property(digests, fc.double({ min: 2.2, max: 2.5, noNaN: true }), (texts, growth) => {
        const spaced = at(...texts.map((digest, nth) => [Math.round(1000 * growth ** nth), digest] as const));
        const inARow = texts.some((_, nth) => nth >= MAX_IN_A_ROW && new Set(texts.slice(nth - MAX_IN_A_ROW, nth + 1)).size === 1);
        fc.pre(!inARow);
        expect(judged(spaced)).not.toContain(false);
      }),
    );
  });

  test('few texts at random count but for one in fifty: intervals are alike by chance', () => {
    const random = noise(1);
    const chats = Array.from({ length: 500 }, () => at(...Array.from({ length: 30 }, () => [Math.round(-8000 * Math.log((random() + 1) / 2 + 1e-9)), ['ok', 'haha', 'yes', 'no'][Math.floor(2 * random() + 2)]!] as const)));
    const counted = chats.flatMap((chat) => judged(chat));
    expect(counted.filter((counts) => !counts).length / counted.length).toBeLessThan(0.02);
  });

  test('typing, then a message, over and over, counts', () => {
    const round = [[2000, '…'], [3000, '…'], [3000, '…']] as const;
    expect(judged(at(...Array.from({ length: 20 }, (_, nth) => [...round, [1000 + nth, `text ${nth}`] as const]).flat()))).not.toContain(false);
  });
});

describe('the state', () => {
  const anything = fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.constantFrom('a', 'b', 'c', '…')), { maxLength: 80 });

  test('is small, and plain data', () => {
    fc.assert(
      fc.property(anything, (steps) => {
        let state = initialTextGuard;
        for (const [atMs, digest] of at(...steps)) state = judgeText(state, atMs, digest === '…' ? TYPING : message(digest)).state;
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        expect(JSON.stringify(state).length).toBeLessThan(2000);
      }),
    );
  });

  test('holds all that matters: after a restart the judgement is the same', () => {
    fc.assert(
      fc.property(anything, fc.nat(80), (steps, cut) => {
        const texts = at(...steps);
        let state = initialTextGuard;
        for (const [atMs, digest] of texts.slice(0, cut)) state = judgeText(state, atMs, digest === '…' ? TYPING : message(digest)).state;
        expect(judged(texts.slice(cut), JSON.parse(JSON.stringify(state)))).toEqual(judged(texts).slice(cut));
      }),
    );
  });

  test('what cannot be read neither counts nor changes it, and what has no digest counts', () => {
    const { state } = judgeText(initialTextGuard, 5, message('a'));
    expect(judgeText(state, 10, { ...message('a'), readable: false })).toEqual({ state, counts: false });
    expect(judgeText(state, 10, message(''))).toEqual({ state, counts: true });
  });
});
