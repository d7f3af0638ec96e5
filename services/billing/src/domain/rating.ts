import { stretchesOf, weightOf } from './counting.ts';
import type { PolicyTerms } from './policy-terms.ts';
import { advance, paidUntilCapped, priceMicros, pricesOf, zeroMeter, type Meter } from './price.ts';
import type { Tariff } from './tariff.ts';
import type { Segment, SegmentKind, Timeline } from './timeline.ts';
import { cutByBands } from './week.ts';

/** Why time was or was not charged: what was observed, or what the policy or the balance made of it. */
export type LineReason = SegmentKind | 'free_period' | 'free_hours' | 'resuming' | 'not_granted' | 'capped';

/** A stretch of the call with one explanation. */
export interface RatedLine {
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly reason: LineReason;
  readonly charged: boolean;
  /** What the rate counts for at this hour, in thousandths, if it is charged and its price depends on the hour. */
  readonly bandPermille?: number;
  readonly amountMicros: bigint;
}

/** One cell `[index * grid, (index + 1) * grid)` of the media-time grid; the last one may end early. */
export interface RatedCell {
  readonly index: bigint;
  readonly fromMs: bigint;
  readonly toMs: bigint;
  /** Milliseconds in it that are paid for. */
  readonly chargedMs: bigint;
  readonly amountMicros: bigint;
  /** Of the call through the cell's end. */
  readonly cumulativeMicros: bigint;
}

export interface Rating {
  readonly lines: readonly RatedLine[];
  /** At the end. */
  readonly meter: Meter;
  readonly chargedMs: bigint;
  readonly unchargedMs: bigint;
  readonly totalMicros: bigint;
}

const weighty = ['face', 'voice', 'text', 'grace_recovered', 'grace_lapsed'] as const;

/**
 * The most that a call can cost by media time `untilMs`, if each millisecond after `decidedMs` is charged. At least its
 * price, whatever the rounding mode. What is left of the free period counts as if it were used up, and every hour as the
 * dearest one: a grant may hold too much, never too little.
 */
export function highestMicros(terms: PolicyTerms, { meter, decidedMs }: { meter: Meter; decidedMs: bigint }, untilMs: bigint): bigint {
  const undecidedMs = untilMs > decidedMs ? untilMs - decidedMs : 0n;
  const bands = pricesOf(terms).weekBands.map(({ permille }) => BigInt(permille));
  const band = bands.length === 0 ? 1000n : bands.reduce(greatest);
  const weight = weighty.map((kind) => weightOf(kind, terms)).reduce(greatest) * band;
  return priceMicros(terms, weight === 0n ? meter : advance(terms, meter, undecidedMs, weight), 'up');
}

/**
 * Rates a timeline: the one place where time becomes money.
 * @param limitMs media time from which on nothing is charged because the balance did not cover it; none by default.
 */
export function rate(terms: Tariff, timeline: Timeline, limitMs?: bigint): Rating {
  const lines: RatedLine[] = [];
  let meter = zeroMeter;
  let totalMicros = 0n;
  let durationMs = 0n;
  for (const piece of explain(terms, timeline, limitMs)) {
    durationMs = piece.toMs;
    if (!piece.charged) {
      lines.push(lineOf(piece, 0n));
      continue;
    }
    meter = advance(terms, meter, piece.toMs - piece.fromMs, piece.weight);
    const cumulative = priceMicros(terms, meter);
    lines.push(lineOf(piece, cumulative - totalMicros));
    totalMicros = cumulative;
  }
  return { lines, meter, chargedMs: meter.paidMs, unchargedMs: durationMs - meter.paidMs, totalMicros };
}

/**
 * Cuts a rated timeline on the media-time grid; cells without paid time are left out. The charge of a cell is the rounded
 * cumulative charge through its end less that through its start, so that the cells add up to the total, wherever the
 * timeline ends.
 * @param from.fromMs a cell's start; earlier cells are left out, which keeps the next cell of a long call cheap.
 */
export function rateCells(terms: Tariff, timeline: Timeline, from: { fromMs?: bigint; limitMs?: bigint | undefined } = {}): RatedCell[] {
  const { fromMs = 0n, limitMs } = from;
  const pieces = explain(terms, timeline, limitMs);
  let meter = zeroMeter;
  const metered: { index: bigint; chargedMs: bigint; meter: Meter }[] = [];
  let earlier = meter;
  for (const piece of pieces) {
    if (!piece.charged) continue;
    const { weight } = piece;
    const startMs = clamp(fromMs, piece);
    if (startMs > piece.fromMs) earlier = meter = advance(terms, meter, startMs - piece.fromMs, weight);
    for (let atMs = startMs; atMs < piece.toMs; ) {
      const index = atMs / terms.entryGridMs;
      const untilMs = least((index + 1n) * terms.entryGridMs, piece.toMs);
      meter = advance(terms, meter, untilMs - atMs, weight);
      const last = metered.at(-1);
      const before = last?.index === index ? metered.pop()!.chargedMs : 0n;
      metered.push({ index, chargedMs: before + untilMs - atMs, meter });
      atMs = untilMs;
    }
  }
  return priceCells(terms, metered, earlier, pieces.at(-1)?.toMs ?? 0n);
}

function priceCells(terms: PolicyTerms, metered: readonly { index: bigint; chargedMs: bigint; meter: Meter }[], earlier: Meter, endMs: bigint): RatedCell[] {
  let earlierMicros = priceMicros(terms, earlier);
  return metered.map(({ index, chargedMs, meter }) => {
    const cumulative = priceMicros(terms, meter);
    const amountMicros = cumulative - earlierMicros;
    earlierMicros = cumulative;
    const fromMs = index * terms.entryGridMs;
    return { index, fromMs, toMs: least(fromMs + terms.entryGridMs, endMs), chargedMs, amountMicros, cumulativeMicros: cumulative };
  });
}

/** A stretch with one explanation, and what a millisecond of it counts for, in millionths. */
type Piece = Omit<RatedLine, 'amountMicros'> & { readonly weight: bigint };

/** Field by field: copying what is left of an object took a quarter of the time of a rating. */
function lineOf({ fromMs, toMs, reason, charged, bandPermille }: Piece, amountMicros: bigint): RatedLine {
  const line = { fromMs, toMs, reason, charged, amountMicros };
  return bandPermille === undefined ? line : { ...line, bandPermille };
}

/** Splits where counting resumes, where another hour's band begins, where the free period or the grant ends, or where the maximum is reached. */
function explain(terms: Tariff, timeline: Timeline, limitMs: bigint | undefined): Piece[] {
  const { weekBands } = pricesOf(terms);
  const pieces: Piece[] = [];
  const add = (fromMs: bigint, toMs: bigint, reason: LineReason, paid?: { weight: bigint; permille: number | undefined }) => {
    if (toMs <= fromMs) return;
    const band = paid?.permille === undefined ? {} : { bandPermille: paid.permille };
    pieces.push({ fromMs, toMs, reason, charged: paid !== undefined, weight: paid?.weight ?? 0n, ...band });
  };
  let freeMs = terms.freePeriodMs;
  let meter = zeroMeter;
  for (const { fromMs, toMs, kind, weight: kindWeight, isResuming } of stretchesOf(terms, timeline)) {
    if (kindWeight === 0n || isResuming) {
      add(fromMs, toMs, isResuming ? 'resuming' : kind);
      continue;
    }
    for (const stretch of cutByBands(weekBands, terms.weekOriginMs ?? 0n, fromMs, toMs)) {
      const { permille } = stretch;
      const weight = kindWeight * BigInt(permille ?? 1000);
      if (weight === 0n) {
        add(stretch.fromMs, stretch.toMs, 'free_hours');
        continue;
      }
      const grantedToMs = limitMs === undefined ? stretch.toMs : clamp(limitMs, stretch);
      const freeToMs = least(stretch.fromMs + freeMs, grantedToMs);
      freeMs -= freeToMs - stretch.fromMs;
      const paidMs = paidUntilCapped(terms, meter, grantedToMs - freeToMs, weight);
      meter = advance(terms, meter, paidMs, weight);
      add(stretch.fromMs, freeToMs, 'free_period');
      add(freeToMs, freeToMs + paidMs, kind, { weight, permille });
      add(freeToMs + paidMs, grantedToMs, 'capped');
      add(grantedToMs, stretch.toMs, 'not_granted');
    }
  }
  return joinEqual(pieces);
}

/** Two segments that were told apart may share an explanation, e.g. both lie in the free period. */
function joinEqual(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && last.reason === piece.reason && last.weight === piece.weight) joined[joined.length - 1] = { ...last, toMs: piece.toMs };
    else joined.push(piece);
  }
  return joined;
}

function clamp(atMs: bigint, { fromMs, toMs }: Pick<Segment, 'fromMs' | 'toMs'>): bigint {
  return least(greatest(atMs, fromMs), toMs);
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function greatest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
