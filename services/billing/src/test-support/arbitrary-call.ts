import * as fc from 'fast-check';
import type { PolicyTerms, PriceTerms } from '../domain/policy-terms.ts';
import type { Tariff } from '../domain/tariff.ts';
import { sampleTerms } from './sample-terms.ts';
import type { Segment, SegmentKind } from '../domain/timeline.ts';

// For tests: anything that recognition may say and a policy may ask for, small enough for the oracle.

export const segmentKinds = ['face', 'voice', 'text', 'not_live', 'grace_recovered', 'grace_lapsed', 'absent', 'unobserved'] as const satisfies readonly SegmentKind[];

const arbitraryWeight = fc.constantFrom(1000, 0, 500, 333, 2500);
/** Tiers may cross within a call, in any direction; a maximum may be below what one millisecond costs. */
const arbitraryPrices: fc.Arbitrary<PriceTerms> = fc
  .record({
    steps: fc.array(fc.record({ afterMs: fc.bigInt({ min: 1n, max: 200n }), rateMicros: fc.bigInt({ min: 0n, max: 5_000n }) }), { maxLength: 4 }),
    connectionFeeMicros: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 9_000n })),
    minimumChargeMicros: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 9_000n })),
    overMinimum: fc.option(fc.bigInt({ min: 1n, max: 50_000n }), { nil: undefined }),
    facePermille: arbitraryWeight,
    voicePermille: arbitraryWeight,
    textPermille: arbitraryWeight,
    // Around Monday 00:01, where the calls of `arbitraryTariff` are.
    weekBands: fc.uniqueArray(fc.constantFrom(0, 1, 2, 10_079), { maxLength: 4 }).chain((minutes) =>
      fc.tuple(...minutes.sort((one, other) => one - other).map((fromMinute) => fc.record({ fromMinute: fc.constant(fromMinute), permille: arbitraryWeight }))),
    ),
    resumeAfterMs: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 120n })),
  })
  .map(({ steps, overMinimum, ...others }) => {
    const chosen = { ...others, timeZone: '', payer: 'caller' as const };
    let fromMs = 0n;
    const tiers = steps.map(({ afterMs, rateMicros }) => ({ fromMs: (fromMs += afterMs), rateMicros }));
    return { ...chosen, tiers, maximumChargeMicros: overMinimum === undefined ? 0n : chosen.minimumChargeMicros + overMinimum };
  });

export const arbitraryTerms: fc.Arbitrary<PolicyTerms> = fc
  .record({
    rateMicros: fc.bigInt({ min: 0n, max: 5_000n }),
    unitMs: fc.bigInt({ min: 1n, max: 700n }),
    freePeriodMs: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 300n })),
    chargeRecoveredGrace: fc.boolean(),
    chargeLapsedGrace: fc.boolean(),
    rounding: fc.constantFrom('half-even', 'half-up', 'down', 'up'),
    roundingIncrementMicros: fc.constantFrom(1n, 2n, 5n, 100n),
    entryGridMs: fc.bigInt({ min: 1n, max: 120n }),
    grantMs: fc.bigInt({ min: 10n, max: 200n }),
    prices: fc.option(arbitraryPrices, { nil: undefined }),
  })
  .map((chosen) => sampleTerms(chosen));

/** Terms for a call that begins shortly before another hour, or the next week. */
export const arbitraryTariff: fc.Arbitrary<Tariff> = fc
  .record({ terms: arbitraryTerms, edgeMs: fc.constantFrom(60_000n, 120_000n, 604_740_000n, 604_800_000n), beforeMs: fc.bigInt({ min: 0n, max: 800n }) })
  .map(({ terms, edgeMs, beforeMs }) => ({ ...terms, weekOriginMs: edgeMs - beforeMs }));

/** Contiguous intervals from media time 0 on. */
export const arbitraryIntervals: fc.Arbitrary<Segment[]> = fc
  .array(fc.record({ kind: fc.constantFrom(...segmentKinds), lengthMs: fc.bigInt({ min: 1n, max: 90n }) }), { maxLength: 12 })
  .map((parts) => {
    let atMs = 0n;
    return parts.map(({ kind, lengthMs }) => ({ kind, fromMs: atMs, toMs: (atMs += lengthMs) }));
  });

/** The same intervals cut at any further instants and dealt out in batches. */
export function arbitraryBatches(intervals: readonly Segment[]): fc.Arbitrary<Segment[][]> {
  const endMs = intervals.at(-1)?.toMs ?? 0n;
  const instants = fc.array(fc.bigInt({ min: 0n, max: endMs }), { maxLength: 8 });
  return fc.tuple(instants, fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 })).map(([cuts, sizes]) => {
    const pieces = intervals.flatMap((interval) => cutAt(interval, cuts));
    const batches: Segment[][] = [];
    for (let at = 0, turn = 0; at < pieces.length; turn += 1) {
      const size = turn < sizes.length ? sizes[turn]! : pieces.length;
      batches.push(pieces.slice(at, at + size));
      at += size;
    }
    return batches;
  });
}

function cutAt({ kind, fromMs, toMs }: Segment, cuts: readonly bigint[]): Segment[] {
  const inside = [...new Set(cuts)].filter((cut) => cut > fromMs && cut < toMs).sort((one, other) => Number(one - other));
  const edges = [fromMs, ...inside, toMs];
  return edges.slice(1).map((edge, index) => ({ kind, fromMs: edges[index]!, toMs: edge }));
}
