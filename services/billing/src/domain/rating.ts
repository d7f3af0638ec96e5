import type { PolicyTerms } from './policy-terms.ts';
import { advance, paidUntilCapped, priceMicros, pricesOf, zeroMeter, type Meter } from './price.ts';
import type { Segment, SegmentKind, Timeline } from './timeline.ts';

/** Why time was or was not charged: what was observed, or what the policy or the balance made of it. */
export type LineReason = SegmentKind | 'free_period' | 'not_granted' | 'capped';

/** A stretch of the call with one explanation. */
export interface RatedLine {
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly reason: LineReason;
  readonly charged: boolean;
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

/** Whether this kind of time is charged, free period aside (claim 2: billing data is generated or suspended). */
export function isChargeable(kind: SegmentKind, terms: PolicyTerms): boolean {
  return weightOf(kind, terms) > 0n;
}

/** What a millisecond counts for, in thousandths; 0: it is not charged. */
function weightOf(kind: LineReason, terms: PolicyTerms): bigint {
  const { facePermille, voicePermille, textPermille } = pricesOf(terms);
  switch (kind) {
    case 'face':
      return BigInt(facePermille);
    case 'voice':
      return BigInt(voicePermille);
    case 'text':
      return BigInt(textPermille);
    case 'grace_recovered':
      return terms.chargeRecoveredGrace ? 1000n : 0n;
    case 'grace_lapsed':
      return terms.chargeLapsedGrace ? 1000n : 0n;
    default:
      return 0n;
  }
}

const weighty = ['face', 'voice', 'text', 'grace_recovered', 'grace_lapsed'] as const;

/**
 * The most that a call can cost by media time `untilMs`, if each millisecond after `decidedMs` is charged. At least its
 * price, whatever the rounding mode. What is left of the free period counts as if it were used up: a grant may hold a
 * little too much, never too little.
 */
export function highestMicros(terms: PolicyTerms, { meter, decidedMs }: { meter: Meter; decidedMs: bigint }, untilMs: bigint): bigint {
  const undecidedMs = untilMs > decidedMs ? untilMs - decidedMs : 0n;
  const weight = weighty.map((kind) => weightOf(kind, terms)).reduce(greatest);
  return priceMicros(terms, weight === 0n ? meter : advance(terms, meter, undecidedMs, weight), 'up');
}

/**
 * Rates a timeline: the one place where time becomes money.
 * @param limitMs media time from which on nothing is charged because the balance did not cover it; none by default.
 */
export function rate(terms: PolicyTerms, timeline: Timeline, limitMs?: bigint): Rating {
  const lines: RatedLine[] = [];
  let meter = zeroMeter;
  let totalMicros = 0n;
  let durationMs = 0n;
  for (const { fromMs, toMs, reason, charged } of explain(terms, timeline, limitMs)) {
    durationMs = toMs;
    if (!charged) {
      lines.push({ fromMs, toMs, reason, charged, amountMicros: 0n });
      continue;
    }
    meter = advance(terms, meter, toMs - fromMs, weightOf(reason, terms));
    const cumulative = priceMicros(terms, meter);
    lines.push({ fromMs, toMs, reason, charged, amountMicros: cumulative - totalMicros });
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
export function rateCells(terms: PolicyTerms, timeline: Timeline, from: { fromMs?: bigint; limitMs?: bigint | undefined } = {}): RatedCell[] {
  const { fromMs = 0n, limitMs } = from;
  const pieces = explain(terms, timeline, limitMs);
  let meter = zeroMeter;
  const metered: { index: bigint; chargedMs: bigint; meter: Meter }[] = [];
  let earlier = meter;
  for (const piece of pieces) {
    if (!piece.charged) continue;
    const weight = weightOf(piece.reason, terms);
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

type Piece = Omit<RatedLine, 'amountMicros'>;

/** Splits where the free period or the grant ends within a segment, or where the maximum is reached. */
function explain(terms: PolicyTerms, timeline: Timeline, limitMs: bigint | undefined): Piece[] {
  let freeMs = terms.freePeriodMs;
  let meter = zeroMeter;
  const pieces: Piece[] = [];
  const add = (fromMs: bigint, toMs: bigint, reason: LineReason, charged: boolean) => {
    if (toMs > fromMs) pieces.push({ fromMs, toMs, reason, charged });
  };
  for (const segment of timeline) {
    const weight = weightOf(segment.kind, terms);
    if (weight === 0n) {
      add(segment.fromMs, segment.toMs, segment.kind, false);
      continue;
    }
    const grantedToMs = limitMs === undefined ? segment.toMs : clamp(limitMs, segment);
    const freeToMs = least(segment.fromMs + freeMs, grantedToMs);
    freeMs -= freeToMs - segment.fromMs;
    const paidMs = paidUntilCapped(terms, meter, grantedToMs - freeToMs, weight);
    meter = advance(terms, meter, paidMs, weight);
    add(segment.fromMs, freeToMs, 'free_period', false);
    add(freeToMs, freeToMs + paidMs, segment.kind, true);
    add(freeToMs + paidMs, grantedToMs, 'capped', false);
    add(grantedToMs, segment.toMs, 'not_granted', false);
  }
  return joinEqual(pieces);
}

/** Two segments that were told apart may share an explanation, e.g. both lie in the free period. */
function joinEqual(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && last.reason === piece.reason) joined[joined.length - 1] = { ...last, toMs: piece.toMs };
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
