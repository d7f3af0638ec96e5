import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryBatches, arbitraryIntervals } from '../test-support/arbitrary-call.ts';
import { endOf, extendTimeline, throughMs, type Segment } from './timeline.ts';

const face = (fromMs: bigint, toMs: bigint): Segment => ({ kind: 'face', fromMs, toMs });

describe('timeline', () => {
  test('a hole is unobserved, from media time 0 on', () => {
    expect(extendTimeline([], [face(5n, 7n), face(9n, 10n)])).toEqual([
      { kind: 'unobserved', fromMs: 0n, toMs: 5n },
      face(5n, 7n),
      { kind: 'unobserved', fromMs: 7n, toMs: 9n },
      face(9n, 10n),
    ]);
  });

  test('what was decided stays: a later word about it is cut off', () => {
    const decided = extendTimeline([], [face(0n, 10n)]);
    expect(extendTimeline(decided, [{ kind: 'absent', fromMs: 4n, toMs: 12n }])).toEqual([face(0n, 10n), { kind: 'absent', fromMs: 10n, toMs: 12n }]);
  });

  test('empty intervals add nothing', () => {
    expect(extendTimeline([], [face(0n, 0n)])).toEqual([]);
  });

  test.each([
    [-1n, 3n],
    [5n, 4n],
  ])('[%s, %s) is refused', (fromMs, toMs) => {
    expect(() => extendTimeline([], [face(fromMs, toMs)])).toThrow(expect.objectContaining({ code: 'bus.malformed_event' }));
  });

  test('however intervals are cut and dealt out in batches, the timeline is the same', () => {
    const dealt = arbitraryIntervals.chain((intervals) => fc.tuple(fc.constant(intervals), arbitraryBatches(intervals)));
    fc.assert(
      fc.property(dealt, ([intervals, batches]) => {
        expect(batches.reduce(extendTimeline, [] as readonly Segment[])).toEqual(extendTimeline([], intervals));
      }),
    );
  });

  test('cut or filled to an instant, it ends there and begins as before', () => {
    fc.assert(
      fc.property(arbitraryIntervals, fc.bigInt({ min: 0n, max: 1_200n }), (intervals, untilMs) => {
        const timeline = extendTimeline([], intervals);
        const shaped = throughMs(timeline, untilMs);
        expect(endOf(shaped)).toBe(untilMs);
        const shortest = untilMs < endOf(timeline) ? untilMs : endOf(timeline);
        expect(throughMs(shaped, shortest)).toEqual(throughMs(timeline, shortest));
      }),
    );
  });
});
