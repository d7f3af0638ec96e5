// Checks a bill against the published events, as a customer who does not take our word for it would.
// Written from the policy's wording, with fractions, and without any of billing's code.
import {
  ChargeReason,
  IntervalKind,
  Channel,
  RoundingMode,
  type BillingEvent,
  type BillingSettled,
  type Event,
  type PolicyTerms,
  type ReactionEvent,
  type ReactionInterval,
  type Receipt,
} from '@parley/contracts';

export interface BillLine {
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly reason: ChargeReason;
  readonly charged: boolean;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  readonly chargedMs: bigint;
  readonly totalMicros: bigint;
}

/** What the events of one side of a call cost under a policy; before the settlement, what is decided costs so far. */
export function billOf(events: readonly Event[], party: number, terms: PolicyTerms): Bill {
  const reactions = reactionsOf(events, party);
  const settled = billingValues(events, 'settled')[0];
  if (settled === undefined) return priced(decidedLines(reactions, terms), terms, undefined);
  const known = decidedLines(reactions.filter(isApplied(settled)), terms);
  const complete = completeLines(reactions, settled, terms);
  if (complete === undefined) return priced(until(known, settled.finalMs), terms, settled.limitMs);
  const bill = priced(complete, terms, settled.limitMs);
  const isPaid = bill.totalMicros === settled.total?.micros || billingValues(events, 'adjusted').some(({ reason }) => reason === 'late_reaction');
  // What came too late and was never booked, since the wallet does not hold enough for it, is not charged.
  return isPaid ? bill : priced(complete, terms, endOf(known));
}

/** The payer's whole view, where the call was settled without waiting for all of it and its end came after all. */
function completeLines(reactions: readonly Reaction[], settled: BillingSettled, terms: PolicyTerms): BillLine[] | undefined {
  const ended = reactions.flatMap(({ event }) => (event?.$case === 'ended' ? [event.value.finalMs] : []))[0];
  if (settled.reason === 'completed' || ended === undefined) return undefined;
  const lines = gapless(reactions.flatMap(({ intervals }) => intervals), terms);
  return until(lines, greatest(endOf(lines), greatest(ended, settled.finalMs)));
}

function priced(observed: readonly BillLine[], terms: PolicyTerms, limitMs: bigint | undefined): Bill {
  const granted = limitMs === undefined ? observed : observed.flatMap((line) => withinLimit(line, limitMs));
  const lines = freePeriod(granted, terms.freePeriodMs);
  const chargedMs = lines.filter((line) => line.charged).reduce((sum, line) => sum + line.toMs - line.fromMs, 0n);
  return { lines: merge(lines), chargedMs, totalMicros: price(chargedMs, terms) };
}

/** Each way in which the receipt differs from the bill; none is what it should be. */
export function differences(receipt: Receipt, bill: Bill): string[] {
  const found: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (String(actual) !== String(expected)) found.push(`${what}: receipt says ${String(actual)}, events say ${String(expected)}`);
  };
  expect('total', receipt.total?.micros, bill.totalMicros);
  expect('charged time', receipt.chargedMs, bill.chargedMs);
  const merged = merge(receipt.lines.map(({ fromMs, toMs, reason, charged }) => ({ fromMs, toMs, reason, charged })));
  expect('lines', text(merged), text(bill.lines));
  const sum = receipt.lines.reduce((total, line) => total + (line.amount?.micros ?? 0n), 0n);
  expect('sum of the lines', sum, bill.totalMicros);
  return found;
}

function text(lines: readonly BillLine[]): string {
  return lines.map((line) => `[${line.fromMs},${line.toMs}) ${line.reason} ${line.charged ? 'charged' : 'free'}`).join(' ');
}

type Reaction = ReactionEvent & Pick<Event, 'source' | 'sequence'>;

/** One side's, once each, in sequence, whatever was delivered twice. */
function reactionsOf(events: readonly Event[], party: number): Reaction[] {
  const bySequence = new Map<bigint, Reaction>();
  for (const { data, source, sequence } of events) {
    if (data?.$case === 'reaction' && data.value.party === party) bySequence.set(sequence, { ...data.value, source, sequence });
  }
  return [...bySequence.values()].sort((one, other) => (one.sequence < other.sequence ? -1 : 1));
}

/** Whether the settlement knew of it. */
function isApplied({ applied }: BillingSettled): (reaction: Reaction) => boolean {
  const through = new Map(applied.map(({ source, sequence }) => [source, sequence]));
  return ({ source, sequence }) => sequence <= (through.get(source) ?? -1n);
}

type BillingCase = NonNullable<BillingEvent['event']>;

type ValueOf<Name> = Extract<BillingCase, { $case: Name }>['value'];

function billingValues<Name extends BillingCase['$case']>(events: readonly Event[], name: Name): ValueOf<Name>[] {
  const found = events.flatMap(({ data }) => (data?.$case === 'billing' && data.value.event?.$case === name ? [data.value.event.value] : []));
  return found as ValueOf<Name>[];
}

/** Nothing beyond what recognition says it has observed is decided. */
function decidedLines(reactions: readonly Reaction[], terms: PolicyTerms): BillLine[] {
  const lines = gapless(reactions.flatMap(({ intervals }) => intervals), terms);
  const observedMs = reactions.reduce((most, { observedThroughMs }) => greatest(most, observedThroughMs), 0n);
  return until(lines, observedMs < endOf(lines) ? observedMs : endOf(lines));
}

/** From 0 on: what was said first stays, and what nobody spoke of was not observed. */
function gapless(intervals: readonly ReactionInterval[], terms: PolicyTerms): BillLine[] {
  const lines: BillLine[] = [];
  for (const interval of intervals) {
    const endMs = endOf(lines);
    if (interval.fromMs > endMs) lines.push(unobserved(endMs, interval.fromMs));
    if (interval.toMs > endMs) lines.push(lineOf({ ...interval, fromMs: greatest(interval.fromMs, endMs) }, terms));
  }
  return lines;
}

/** Up to an instant: cut there, or filled up to it. */
function until(lines: readonly BillLine[], endMs: bigint): BillLine[] {
  const cut = lines.filter(({ fromMs }) => fromMs < endMs).map((line) => (line.toMs > endMs ? { ...line, toMs: endMs } : line));
  return endOf(cut) < endMs ? [...cut, unobserved(endOf(cut), endMs)] : cut;
}

function unobserved(fromMs: bigint, toMs: bigint): BillLine {
  return { fromMs, toMs, reason: ChargeReason.UNOBSERVED, charged: false };
}

function endOf(lines: readonly BillLine[]): bigint {
  return lines.at(-1)?.toMs ?? 0n;
}

function greatest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

const evidence: Readonly<Record<number, ChargeReason>> = {
  [Channel.FACE]: ChargeReason.FACE,
  [Channel.VOICE]: ChargeReason.VOICE,
  [Channel.TEXT]: ChargeReason.TEXT,
};

function lineOf({ fromMs, toMs, kind, channel }: ReactionInterval, terms: PolicyTerms): BillLine {
  const line = (reason: ChargeReason, charged: boolean) => ({ fromMs, toMs, reason, charged });
  if (kind === IntervalKind.EVIDENCE) return line(evidence[channel]!, true);
  if (kind === IntervalKind.GRACE_RECOVERED) return line(ChargeReason.GRACE_RECOVERED, terms.chargeRecoveredGrace);
  if (kind === IntervalKind.GRACE_LAPSED) return line(ChargeReason.GRACE_LAPSED, terms.chargeLapsedGrace);
  if (kind === IntervalKind.NOT_LIVE) return line(ChargeReason.NOT_LIVE, false);
  return line(kind === IntervalKind.ABSENT ? ChargeReason.ABSENT : ChargeReason.UNOBSERVED, false);
}

/** What the balance did not cover is not charged; time that costs nothing anyway keeps its reason. */
function withinLimit(line: BillLine, limitMs: bigint): BillLine[] {
  if (!line.charged || line.toMs <= limitMs) return [line];
  const beyond = { ...line, reason: ChargeReason.NOT_GRANTED, charged: false };
  if (line.fromMs >= limitMs) return [beyond];
  return [{ ...line, toMs: limitMs }, { ...beyond, fromMs: limitMs }];
}

/** The first charged milliseconds cost nothing: they are split off, with a reason of their own. */
function freePeriod(lines: readonly BillLine[], freeMs: bigint): BillLine[] {
  let left = freeMs;
  return lines.flatMap((line) => {
    if (!line.charged || left === 0n) return [line];
    const length = line.toMs - line.fromMs;
    const cut = length < left ? length : left;
    left -= cut;
    const head: BillLine = { ...line, toMs: line.fromMs + cut, reason: ChargeReason.FREE_PERIOD, charged: false };
    return cut === length ? [head] : [head, { ...line, fromMs: head.toMs }];
  });
}

function merge(lines: readonly BillLine[]): BillLine[] {
  const merged: BillLine[] = [];
  for (const line of lines) {
    const last = merged.at(-1);
    if (last !== undefined && last.reason === line.reason && last.charged === line.charged && last.toMs === line.fromMs) {
      merged[merged.length - 1] = { ...last, toMs: line.toMs };
    } else if (line.fromMs < line.toMs) merged.push({ fromMs: line.fromMs, toMs: line.toMs, reason: line.reason, charged: line.charged });
  }
  return merged;
}

/** rate × time ÷ unit, rounded once to the increment. */
function price(chargedMs: bigint, { rateMicros, unitMs, rounding, roundingIncrementMicros }: PolicyTerms): bigint {
  const numerator = rateMicros * chargedMs;
  const step = unitMs * roundingIncrementMicros;
  const down = numerator / step;
  const twiceRest = 2n * (numerator % step);
  const up = {
    [RoundingMode.UNSPECIFIED]: false,
    [RoundingMode.DOWN]: false,
    [RoundingMode.UP]: twiceRest > 0n,
    [RoundingMode.HALF_UP]: twiceRest >= step,
    [RoundingMode.HALF_EVEN]: twiceRest > step || (twiceRest === step && down % 2n === 1n),
  }[rounding];
  return (down + (up ? 1n : 0n)) * roundingIncrementMicros;
}
