import type { PolicyTerms } from '../domain/policy-terms.ts';
import type { Tariff } from '../domain/tariff.ts';
import type { Segment } from '../domain/timeline.ts';
import type { WeekBand } from '../domain/week.ts';

// For tests: rating told a second time, as slowly and plainly as can be, sharing nothing with rating.ts. It looks at each
// millisecond by itself, keeps the exact price as a fraction over `unitMs`, and rounds by comparing distances.

export interface OracleMillisecond {
  readonly reason: string;
  readonly charged: boolean;
  /** Of a charged one whose price depends on the hour. */
  readonly bandPermille?: number;
}

export interface OracleRating {
  readonly milliseconds: readonly OracleMillisecond[];
  /** Rounded cumulative charge at the start of each millisecond, and at the end of the last. */
  readonly micros: readonly bigint[];
}

export function oracleRating(terms: Tariff, intervals: readonly Segment[], endMs: bigint, limitMs?: bigint): OracleRating {
  const milliseconds: OracleMillisecond[] = [];
  const micros = [0n];
  let freeLeftMs = terms.freePeriodMs;
  let exactNumerator = 0n;
  let paidMs = 0n;
  let reactionMs: bigint | undefined;
  for (let atMs = 0n; atMs < endMs; atMs += 1n) {
    const kind = intervals.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.kind ?? 'unobserved';
    let explained: OracleMillisecond = { reason: kind, charged: counts(kind, terms) };
    // Undefined: there was no time without a reaction yet.
    if (!explained.charged && ['not_live', 'absent', 'unobserved', 'grace_lapsed'].includes(kind)) reactionMs = 0n;
    if (explained.charged && reactionMs !== undefined && reactionMs < (terms.prices?.resumeAfterMs ?? 0n)) {
      reactionMs += 1n;
      explained = { reason: 'resuming', charged: false };
    }
    const band = bandAt(terms.prices?.weekBands ?? [], (terms.weekOriginMs ?? 0n) + atMs);
    if (explained.charged && band === 0n) explained = { reason: 'free_hours', charged: false };
    if (explained.charged && limitMs !== undefined && atMs >= limitMs) explained = { reason: 'not_granted', charged: false };
    if (explained.charged && freeLeftMs > 0n) {
      freeLeftMs -= 1n;
      explained = { reason: 'free_period', charged: false };
    }
    if (explained.charged && isCapped(terms, micros.at(-1)!)) explained = { reason: 'capped', charged: false };
    if (explained.charged) {
      if (terms.prices?.weekBands.length) explained = { ...explained, bandPermille: Number(band) };
      exactNumerator += rateAt(terms, paidMs) * weights(terms, kind) * band;
      paidMs += 1n;
    }
    milliseconds.push(explained);
    micros.push(paidMs === 0n ? 0n : price(terms, exactNumerator));
  }
  return { milliseconds, micros };
}

function counts(kind: string, terms: PolicyTerms): boolean {
  if (kind === 'grace_recovered') return terms.chargeRecoveredGrace;
  if (kind === 'grace_lapsed') return terms.chargeLapsedGrace;
  return !['not_live', 'absent', 'unobserved'].includes(kind) && weights(terms, kind) > 0n;
}

function weights({ prices }: PolicyTerms, kind: string): bigint {
  const named: Record<string, number | undefined> = { face: prices?.facePermille, voice: prices?.voicePermille, text: prices?.textPermille };
  return BigInt(named[kind] ?? 1000);
}

/** In the week that never ends: the last band whose beginning is not later, this week or the week before. */
function bandAt(bands: readonly WeekBand[], atMs: bigint): bigint {
  if (bands.length === 0) return 1000n;
  const minute = Number((atMs / 60_000n) % 10_080n);
  return BigInt((bands.findLast(({ fromMinute }) => fromMinute <= minute) ?? bands.at(-1)!).permille);
}

function rateAt({ rateMicros, prices }: PolicyTerms, paidMs: bigint): bigint {
  return prices?.tiers.findLast(({ fromMs }) => fromMs <= paidMs)?.rateMicros ?? rateMicros;
}

function isCapped({ prices }: PolicyTerms, micros: bigint): boolean {
  return prices !== undefined && prices.maximumChargeMicros !== 0n && micros === prices.maximumChargeMicros;
}

/** Exact price over `unitMs` millionths, with the fee, rounded, then within the bounds. */
function price(terms: PolicyTerms, exactNumerator: bigint): bigint {
  const unitMs = terms.unitMs * 1_000_000n;
  const { connectionFeeMicros = 0n, minimumChargeMicros = 0n, maximumChargeMicros = 0n } = terms.prices ?? {};
  const amount = rounded({ ...terms, unitMs }, exactNumerator + connectionFeeMicros * unitMs);
  if (maximumChargeMicros !== 0n && amount > maximumChargeMicros) return maximumChargeMicros;
  return amount < minimumChargeMicros ? minimumChargeMicros : amount;
}

/** Of exactNumerator / unitMs, to a multiple of the increment. */
function rounded({ unitMs, rounding, roundingIncrementMicros: increment }: PolicyTerms, exactNumerator: bigint): bigint {
  let below = exactNumerator / unitMs;
  while (below % increment !== 0n) below -= 1n;
  const above = below + increment;
  const toBelow = exactNumerator - below * unitMs;
  const toAbove = above * unitMs - exactNumerator;
  if (toBelow === 0n) return below;
  switch (rounding) {
    case 'down':
      return below;
    case 'up':
      return above;
    case 'half-up':
      return toAbove <= toBelow ? above : below;
    case 'half-even':
      if (toAbove === toBelow) return (below / increment) % 2n === 0n ? below : above;
      return toAbove < toBelow ? above : below;
  }
}
