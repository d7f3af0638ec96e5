import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import { plainPrices } from '../../../../services/billing/src/domain/price.ts';
import { rate, rateCells } from '../../../../services/billing/src/domain/rating.ts';
import type { Tariff } from '../../../../services/billing/src/domain/tariff.ts';
import { extendTimeline, type Segment, type SegmentKind } from '../../../../services/billing/src/domain/timeline.ts';
import { progress } from '../report.ts';
import type { Measured } from '../result-row.ts';
import { flat } from './terms.ts';

const repetitions = 7;
const callsOfARepetition = 100_000;
const intervalsOfACall = 20;
/** Different calls, so that none is rated from what the processor remembers of the one before. */
const differentCalls = 1_000;
const ratedPerSecond = { atLeast: 50_000 };

const tiered: PolicyTerms = {
  ...flat,
  prices: {
    ...plainPrices,
    tiers: [60_000n, 120_000n, 180_000n, 300_000n].map((fromMs, nth) => ({ fromMs, rateMicros: 500_000n - BigInt(nth) * 100_000n })),
    connectionFeeMicros: 50_000n,
    minimumChargeMicros: 100_000n,
    maximumChargeMicros: 20_000_000n,
    voicePermille: 800,
    textPermille: 500,
  },
};

/** The tiered one with a rate by the hour of each working day, from two minutes before the first change of it. */
const byHour: Tariff = {
  ...tiered,
  prices: {
    ...tiered.prices!,
    weekBands: Array.from({ length: 5 }, (_, day) => [8, 18].map((hour) => ({ fromMinute: (day * 24 + hour) * 60, permille: hour === 8 ? 1_000 : 600 }))).flat(),
    timeZone: 'Europe/Berlin',
  },
  weekOriginMs: (8n * 60n - 2n) * 60_000n,
};

const kinds: readonly SegmentKind[] = ['face', 'grace_recovered', 'face', 'grace_lapsed', 'voice', 'text', 'absent', 'unobserved', 'voice', 'not_live'];

/** About five minutes, in intervals of ten to twenty seconds. */
function callNumber(nth: number): Segment[] {
  let atMs = 0n;
  return Array.from({ length: intervalsOfACall }, (_, index) => {
    const lengthMs = 10_000n + BigInt((nth * 7_919 + index * 104_729) % 10_000);
    const fromMs = atMs;
    atMs += lengthMs;
    return { fromMs, toMs: atMs, kind: kinds[(nth + index) % kinds.length]! };
  });
}

const calls = Array.from({ length: differentCalls }, (_, nth) => extendTimeline([], callNumber(nth)));

/** Calls a second, after a run that is not counted. */
function ratings(rateCall: (nth: number) => bigint): number[] {
  const once = (): number => {
    const startMs = performance.now();
    let sum = 0n;
    for (let nth = 0; nth < callsOfARepetition; nth += 1) sum += rateCall(nth % differentCalls);
    if (sum <= 0n) throw new Error('nothing was charged');
    return (callsOfARepetition * 1_000) / (performance.now() - startMs);
  };
  once();
  return Array.from({ length: repetitions }, once);
}

const lastCell = (terms: PolicyTerms, nth: number): bigint => rateCells(terms, calls[nth]!, { fromMs: 240_000n }).at(-1)?.cumulativeMicros ?? 0n;

/** How many calls a second the pure engine rates, on one core: a call of 20 intervals, by a flat and by a tiered policy, and by one that depends on the hour. */
export function measureRating(): Measured[] {
  progress('a flat policy');
  const flatRates = ratings((nth) => rate(flat, calls[nth]!).totalMicros);
  progress('a tiered policy with fee, weights, minimum and maximum');
  const tieredRates = ratings((nth) => rate(tiered, calls[nth]!).totalMicros);
  progress('the same by the hour of the week');
  const byHourRates = ratings((nth) => rate(byHour, calls[nth]!).totalMicros);
  progress('the next entries of a running call');
  const cellRates = ratings((nth) => lastCell(tiered, nth));
  return [
    { name: 'calls of 20 intervals, tiered policy', unit: 'calls/s', values: tieredRates, goal: ratedPerSecond },
    { name: 'the same by a flat policy', unit: 'calls/s', values: flatRates, goal: ratedPerSecond },
    { name: 'the same by a tiered policy with ten bands of the week', unit: 'calls/s', values: byHourRates, goal: ratedPerSecond },
    { name: 'next entries of a running call, tiered policy', unit: 'calls/s', values: cellRates },
  ];
}
