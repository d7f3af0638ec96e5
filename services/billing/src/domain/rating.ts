import { roundRatio } from '@parley/money';
import type { PolicyTerms } from './policy-terms.ts';
import type { Segment, SegmentKind, Timeline } from './timeline.ts';

/** Why time was or was not charged: what was observed, or what the policy or the balance made of it. */
export type LineReason = SegmentKind | 'free_period' | 'not_granted';

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
  readonly chargedMs: bigint;
  readonly unchargedMs: bigint;
  readonly totalMicros: bigint;
}

/** Whether this kind of time is charged, free period aside (claim 2: billing data is generated or suspended). */
export function isChargeable(kind: SegmentKind, terms: PolicyTerms): boolean {
  switch (kind) {
    case 'face':
    case 'voice':
    case 'text':
      return true;
    case 'grace_recovered':
      return terms.chargeRecoveredGrace;
    case 'grace_lapsed':
      return terms.chargeLapsedGrace;
    case 'not_live':
    case 'absent':
    case 'unobserved':
      return false;
  }
}

/**
 * The price of the first `billableMs` paid milliseconds of a call, in micro-units: rounded once, from the exact
 * cumulative value, so that neither batches nor cells nor lines can add a rounding of their own.
 */
export function cumulativeMicros(terms: PolicyTerms, billableMs: bigint): bigint {
  return roundRatio(terms.rateMicros * billableMs, terms.unitMs, terms.rounding, terms.roundingIncrementMicros);
}

/**
 * The most that a call can cost by media time `untilMs`, if each millisecond after `decidedMs` is charged. At least
 * `cumulativeMicros`, whatever the rounding mode. What is left of the free period counts as if it were used up: a grant
 * may hold a little too much, never too little.
 */
export function highestMicros(terms: PolicyTerms, { billableMs, decidedMs }: { billableMs: bigint; decidedMs: bigint }, untilMs: bigint): bigint {
  const undecidedMs = untilMs > decidedMs ? untilMs - decidedMs : 0n;
  return roundRatio(terms.rateMicros * (billableMs + undecidedMs), terms.unitMs, 'up', terms.roundingIncrementMicros);
}

/**
 * Rates a timeline: the one place where time becomes money.
 * @param limitMs media time from which on nothing is charged because the balance did not cover it; none by default.
 */
export function rate(terms: PolicyTerms, timeline: Timeline, limitMs?: bigint): Rating {
  const pieces = explain(terms, timeline, limitMs);
  const lines: RatedLine[] = [];
  let billableMs = 0n;
  let totalMicros = 0n;
  for (const { fromMs, toMs, reason, charged } of pieces) {
    if (charged) billableMs += toMs - fromMs;
    const cumulative = cumulativeMicros(terms, billableMs);
    lines.push({ fromMs, toMs, reason, charged, amountMicros: cumulative - totalMicros });
    totalMicros = cumulative;
  }
  const durationMs = pieces.at(-1)?.toMs ?? 0n;
  return { lines, chargedMs: billableMs, unchargedMs: durationMs - billableMs, totalMicros };
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
  const paid = pieces.filter(({ charged }) => charged);
  const earlierMs = paid.reduce((sum, piece) => sum + least(piece.toMs, greatest(piece.fromMs, fromMs)) - piece.fromMs, 0n);
  const chargedMsByCell = new Map<bigint, bigint>();
  for (const piece of paid) {
    for (let atMs = greatest(piece.fromMs, fromMs); atMs < piece.toMs; ) {
      const index = atMs / terms.entryGridMs;
      const untilMs = least((index + 1n) * terms.entryGridMs, piece.toMs);
      chargedMsByCell.set(index, (chargedMsByCell.get(index) ?? 0n) + untilMs - atMs);
      atMs = untilMs;
    }
  }
  return priceCells(terms, chargedMsByCell, earlierMs, pieces.at(-1)?.toMs ?? 0n);
}

function priceCells(terms: PolicyTerms, chargedMsByCell: ReadonlyMap<bigint, bigint>, earlierMs: bigint, endMs: bigint): RatedCell[] {
  let billableMs = earlierMs;
  let earlierMicros = cumulativeMicros(terms, billableMs);
  return [...chargedMsByCell].map(([index, chargedMs]) => {
    billableMs += chargedMs;
    const cumulative = cumulativeMicros(terms, billableMs);
    const amountMicros = cumulative - earlierMicros;
    earlierMicros = cumulative;
    const fromMs = index * terms.entryGridMs;
    return { index, fromMs, toMs: least(fromMs + terms.entryGridMs, endMs), chargedMs, amountMicros, cumulativeMicros: cumulative };
  });
}

type Piece = Omit<RatedLine, 'amountMicros'>;

/** Splits where the free period or the grant ends within a segment. */
function explain(terms: PolicyTerms, timeline: Timeline, limitMs: bigint | undefined): Piece[] {
  let freeMs = terms.freePeriodMs;
  const pieces: Piece[] = [];
  const add = (fromMs: bigint, toMs: bigint, reason: LineReason, charged: boolean) => {
    if (toMs > fromMs) pieces.push({ fromMs, toMs, reason, charged });
  };
  for (const segment of timeline) {
    if (!isChargeable(segment.kind, terms)) {
      add(segment.fromMs, segment.toMs, segment.kind, false);
      continue;
    }
    const grantedToMs = limitMs === undefined ? segment.toMs : clamp(limitMs, segment);
    const freeToMs = least(segment.fromMs + freeMs, grantedToMs);
    freeMs -= freeToMs - segment.fromMs;
    add(segment.fromMs, freeToMs, 'free_period', false);
    add(freeToMs, grantedToMs, segment.kind, true);
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

function clamp(atMs: bigint, { fromMs, toMs }: Segment): bigint {
  return least(greatest(atMs, fromMs), toMs);
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function greatest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
