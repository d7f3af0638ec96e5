import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecentEvents } from './recent-events.ts';

// Sequences of a stream have gaps where others' events were.
const events = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), bytes: fc.nat(50) }), { maxLength: 60 });

describe('recent events', () => {
  test('what follows a covered sequence is all there, and no more is kept than the limits let', () => {
    fc.assert(
      fc.property(events, fc.nat(5), fc.integer({ min: 1, max: 10 }), fc.integer({ min: 50, max: 200 }), fc.nat(200), (given, after, count, bytes, asked) => {
        const recent = new RecentEvents(after, { events: count, bytes });
        const all: { sequence: number; bytes: number }[] = [];
        for (const { gap, bytes } of given) {
          const event = { sequence: (all.at(-1)?.sequence ?? after) + gap, bytes };
          all.push(event);
          recent.push(event);
        }
        const last = all.at(-1)?.sequence ?? after;
        expect(recent.covers(last)).toBe(true);
        if (!recent.covers(asked)) return;
        const following = all.filter((event) => event.sequence > asked);
        expect(recent.following(asked, 1_000)).toEqual(following);
        expect(recent.following(asked, 3)).toEqual(following.slice(0, 3));
        expect(following.length).toBeLessThanOrEqual(count);
        expect(following.reduce((sum, event) => sum + event.bytes, 0)).toBeLessThanOrEqual(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  test('what was before the first one is not covered', () => {
    const recent = new RecentEvents(7, { events: 2, bytes: 100 });
    expect([6, 7, 8].map((sequence) => recent.covers(sequence))).toEqual([false, true, true]);
    for (const sequence of [8, 9, 10]) recent.push({ sequence, bytes: 1 });
    expect([7, 8].map((sequence) => recent.covers(sequence))).toEqual([false, true]);
  });
});
