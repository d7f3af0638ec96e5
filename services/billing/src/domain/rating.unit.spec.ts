import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryIntervals, arbitraryTariff } from '../test-support/arbitrary-call.ts';
import { oracleRating } from '../test-support/rating-oracle.ts';
import { weightOf } from './counting.ts';
import { plainPrices, priceMicros } from './price.ts';
import { highestMicros, rate, rateCells } from './rating.ts';
import { sampleTerms } from '../test-support/sample-terms.ts';
import { endOf, extendTimeline, type Segment, type SegmentKind } from './timeline.ts';

const segment = (kind: SegmentKind, fromMs: number, toMs: number): Segment => ({ kind, fromMs: BigInt(fromMs), toMs: BigInt(toMs) });
const arbitraryLimit = fc.option(fc.bigInt({ min: 0n, max: 1_000n }), { nil: undefined });

describe('rating: examples', () => {
  test('explains each line and charges what the policy charges', () => {
    const timeline = [segment('face', 0, 4_000), segment('grace_recovered', 4_000, 5_000), segment('voice', 5_000, 8_000), segment('grace_lapsed', 8_000, 10_000), segment('absent', 10_000, 12_000)];
    const { lines, totalMicros, chargedMs, unchargedMs } = rate(sampleTerms({ freePeriodMs: 1_000n }), timeline);
    expect(lines).toEqual([
      { fromMs: 0n, toMs: 1_000n, reason: 'free_period', charged: false, amountMicros: 0n },
      { fromMs: 1_000n, toMs: 4_000n, reason: 'face', charged: true, amountMicros: 30_000n },
      { fromMs: 4_000n, toMs: 5_000n, reason: 'grace_recovered', charged: true, amountMicros: 10_000n },
      { fromMs: 5_000n, toMs: 8_000n, reason: 'voice', charged: true, amountMicros: 30_000n },
      { fromMs: 8_000n, toMs: 10_000n, reason: 'grace_lapsed', charged: false, amountMicros: 0n },
      { fromMs: 10_000n, toMs: 12_000n, reason: 'absent', charged: false, amountMicros: 0n },
    ]);
    expect({ totalMicros, chargedMs, unchargedMs }).toEqual({ totalMicros: 70_000n, chargedMs: 7_000n, unchargedMs: 5_000n });
  });

  test('cells are half-open: what ends on the grid is in the cell before, what begins on it in the next', () => {
    const timeline = [segment('absent', 0, 1_000), segment('face', 1_000, 2_000), segment('absent', 2_000, 2_999), segment('face', 2_999, 3_001)];
    expect(rateCells(sampleTerms(), timeline).map(({ index, chargedMs, amountMicros }) => [index, chargedMs, amountMicros])).toEqual([
      [1n, 1_000n, 10_000n],
      [2n, 1n, 10n],
      [3n, 1n, 10n],
    ]);
  });

  test('rounds once: a third of a unit per cell does not lose a micro-unit', () => {
    const terms = sampleTerms({ rateMicros: 1n, unitMs: 3_000n, rounding: 'down' });
    expect(rateCells(terms, [segment('face', 0, 9_000)]).map(({ amountMicros }) => amountMicros)).toEqual([0n, 0n, 1n, 0n, 0n, 1n, 0n, 0n, 1n]);
  });

  test('nothing is charged beyond the limit, and the line says so', () => {
    const { lines } = rate(sampleTerms(), [segment('face', 0, 3_000), segment('absent', 3_000, 4_000)], 2_000n);
    expect(lines.map(({ reason, amountMicros }) => [reason, amountMicros])).toEqual([['face', 20_000n], ['not_granted', 0n], ['absent', 0n]]);
  });

  test('tiers, fee, weights and bounds: each cell adds up to what the whole costs', () => {
    const prices = { ...plainPrices, tiers: [{ fromMs: 2_000n, rateMicros: 300_000n }], connectionFeeMicros: 5_000n, voicePermille: 500, textPermille: 0, maximumChargeMicros: 45_000n };
    const timeline = [segment('face', 0, 3_000), segment('voice', 3_000, 5_000), segment('text', 5_000, 6_000), segment('face', 6_000, 9_000)];
    const terms = sampleTerms({ prices });
    expect(rate(terms, timeline).lines.map(({ toMs, reason, charged, amountMicros }) => [toMs, reason, charged, amountMicros])).toEqual([
      [3_000n, 'face', true, 30_000n],
      [5_000n, 'voice', true, 5_000n],
      [6_000n, 'text', false, 0n],
      [8_000n, 'face', true, 10_000n],
      [9_000n, 'capped', false, 0n],
    ]);
    expect(rateCells(terms, timeline).map(({ amountMicros }) => amountMicros)).toEqual([15_000n, 10_000n, 5_000n, 2_500n, 2_500n, 5_000n, 5_000n]);
  });

  test('the minimum is that of a call in which any time is charged', () => {
    const terms = sampleTerms({ prices: { ...plainPrices, minimumChargeMicros: 1_000n }, freePeriodMs: 500n });
    expect(rate(terms, [segment('face', 0, 500)]).totalMicros).toBe(0n);
    expect(rate(terms, [segment('face', 0, 501)]).totalMicros).toBe(1_000n);
    expect(rate(terms, [segment('face', 0, 601)]).totalMicros).toBe(1_010n);
  });

  test('another hour of the week has another price, or none, and its own line', () => {
    const weekBands = [{ fromMinute: 0, permille: 500 }, { fromMinute: 1, permille: 1_250 }, { fromMinute: 2, permille: 0 }];
    const tariff = { ...sampleTerms({ prices: { ...plainPrices, weekBands } }), weekOriginMs: 59_000n };
    expect(rate(tariff, [segment('face', 0, 62_000)]).lines).toEqual([
      { fromMs: 0n, toMs: 1_000n, reason: 'face', charged: true, bandPermille: 500, amountMicros: 5_000n },
      { fromMs: 1_000n, toMs: 61_000n, reason: 'face', charged: true, bandPermille: 1_250, amountMicros: 750_000n },
      { fromMs: 61_000n, toMs: 62_000n, reason: 'free_hours', charged: false, amountMicros: 0n },
    ]);
  });

  test('after time without a reaction one has to last before it is charged; a channel that costs nothing is a reaction', () => {
    const terms = sampleTerms({ prices: { ...plainPrices, textPermille: 0, resumeAfterMs: 500n } });
    const timeline = [
      segment('face', 0, 1_000), segment('text', 1_000, 2_000), segment('face', 2_000, 3_000), segment('absent', 3_000, 4_000),
      segment('face', 4_000, 4_300), segment('voice', 4_300, 5_000), segment('absent', 5_000, 6_000), segment('face', 6_000, 6_499), segment('unobserved', 6_499, 7_000), segment('face', 7_000, 8_000),
    ];
    expect(rate(terms, timeline).lines.map(({ fromMs, reason, amountMicros }) => [fromMs, reason, amountMicros])).toEqual([
      [0n, 'face', 10_000n], [1_000n, 'text', 0n], [2_000n, 'face', 10_000n], [3_000n, 'absent', 0n],
      [4_000n, 'resuming', 0n], [4_500n, 'voice', 5_000n], [5_000n, 'absent', 0n], [6_000n, 'resuming', 0n], [6_499n, 'unobserved', 0n], [7_000n, 'resuming', 0n], [7_500n, 'face', 5_000n],
    ]);
  });

  test('nothing observed, nothing charged', () => {
    expect(rate(sampleTerms(), [])).toEqual({ lines: [], meter: { paidMs: 0n, exact: 0n }, chargedMs: 0n, unchargedMs: 0n, totalMicros: 0n });
  });
});

describe('rating: for every policy and timeline', () => {
  test('lines say of each millisecond what the oracle says, and cost what it costs', () => {
    fc.assert(
      fc.property(arbitraryTariff, arbitraryIntervals, arbitraryLimit, (terms, intervals, limit) => {
        const timeline = extendTimeline([], intervals);
        const oracle = oracleRating(terms, intervals, endOf(timeline), limit);
        const { lines, totalMicros } = rate(terms, timeline, limit);
        let atMs = 0n;
        for (const line of lines) {
          expect(line.fromMs).toBe(atMs);
          for (; atMs < line.toMs; atMs += 1n) {
            expect(oracle.milliseconds[Number(atMs)]).toEqual({ reason: line.reason, charged: line.charged, ...(line.bandPermille !== undefined && { bandPermille: line.bandPermille }) });
          }
          expect(line.amountMicros).toBe(oracle.micros[Number(line.toMs)]! - oracle.micros[Number(line.fromMs)]!);
        }
        expect(atMs).toBe(endOf(timeline));
        expect(totalMicros).toBe(oracle.micros.at(-1));
      }),
    );
  });

  test('cells add up to the rounded exact total, and each is the difference that the oracle sees', () => {
    fc.assert(
      fc.property(arbitraryTariff, arbitraryIntervals, arbitraryLimit, (terms, intervals, limitMs) => {
        const timeline = extendTimeline([], intervals);
        const oracle = oracleRating(terms, intervals, endOf(timeline), limitMs);
        const cells = rateCells(terms, timeline, { limitMs });
        for (const { fromMs, toMs, amountMicros } of cells) {
          expect(amountMicros).toBe(oracle.micros[Number(toMs)]! - oracle.micros[Number(fromMs)]!);
        }
        expect(cells.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)).toBe(oracle.micros.at(-1));
      }),
    );
  });

  test('cells from a later one on are the same cells', () => {
    fc.assert(
      fc.property(arbitraryTariff, arbitraryIntervals, fc.bigInt({ min: 0n, max: 12n }), (terms, intervals, index) => {
        const timeline = extendTimeline([], intervals);
        const later = rateCells(terms, timeline, { fromMs: index * terms.entryGridMs });
        expect(later).toEqual(rateCells(terms, timeline).filter((cell) => cell.index >= index));
      }),
    );
  });

  test('more reaction never costs less', () => {
    fc.assert(
      fc.property(arbitraryTariff, arbitraryIntervals, fc.nat(), ({ prices, ...others }, intervals, pick) => {
        fc.pre(intervals.length > 0);
        // Where every channel weighs the same: with tiers, a light one may push a heavy one into a cheaper tier.
        const terms = { ...others, ...(prices && { prices: { ...prices, facePermille: 1000, voicePermille: 1000, textPermille: 1000 } }) };
        const at = pick % intervals.length;
        const more = intervals.map((interval, index) => (index === at ? { ...interval, kind: 'face' as const } : interval));
        expect(rate(terms, extendTimeline([], more)).totalMicros).toBeGreaterThanOrEqual(rate(terms, extendTimeline([], intervals)).totalMicros);
      }),
    );
  });

  test('what is held for the highest price always covers the price', () => {
    fc.assert(
      fc.property(arbitraryTariff, arbitraryIntervals, fc.nat({ max: 12 }), (terms, intervals, decidedCount) => {
        const decided = extendTimeline([], intervals.slice(0, decidedCount));
        const whole = extendTimeline([], intervals);
        const known = { meter: rate(terms, decided).meter, decidedMs: endOf(decided) };
        expect(highestMicros(terms, known, endOf(whole))).toBeGreaterThanOrEqual(rate(terms, whole).totalMicros);
      }),
    );
  });
});

test('grace is charged as the policy says of each', () => {
  const terms = sampleTerms({ chargeRecoveredGrace: false, chargeLapsedGrace: true });
  expect([weightOf('grace_recovered', terms), weightOf('grace_lapsed', terms)]).toEqual([0n, 1000n]);
});

test('the cumulative price is rounded to a multiple of the increment in each mode', () => {
  const priced = (rounding: 'half-even' | 'half-up' | 'down' | 'up') =>
    priceMicros(sampleTerms({ rateMicros: 25n, unitMs: 1n, roundingIncrementMicros: 10n, rounding }), { paidMs: 1n, exact: 25_000_000n });
  expect([priced('half-even'), priced('half-up'), priced('down'), priced('up')]).toEqual([20n, 30n, 20n, 30n]);
});
