// Checks a bill against the published events, as a customer who does not take our word for it would.
// Written from the policy's wording, with fractions, and without any of billing's code.
import { ChargeReason, IntervalKind, Channel, RoundingMode, type Event, type PolicyTerms, type ReactionInterval, type Receipt } from '@parley/contracts';

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

/** What the events of one side of a call cost under a policy. */
export function billOf(events: readonly Event[], party: number, terms: PolicyTerms): Bill {
  const intervals = reactionIntervals(events, party);
  const lines = intervals.flatMap((interval) => linesOf(interval, terms));
  const withFree = freePeriod(lines, terms.freePeriodMs);
  const chargedMs = withFree.filter((line) => line.charged).reduce((sum, line) => sum + line.toMs - line.fromMs, 0n);
  return { lines: merge(withFree), chargedMs, totalMicros: price(chargedMs, terms) };
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

/** Once each, in sequence, whatever was delivered twice. */
export function reactionIntervals(events: readonly Event[], party: number): ReactionInterval[] {
  const bySequence = new Map<bigint, readonly ReactionInterval[]>();
  for (const { data, sequence } of events) {
    if (data?.$case === 'reaction' && data.value.party === party) bySequence.set(sequence, data.value.intervals);
  }
  return [...bySequence].sort(([one], [other]) => (one < other ? -1 : 1)).flatMap(([, intervals]) => intervals);
}

const evidence: Readonly<Record<number, ChargeReason>> = {
  [Channel.FACE]: ChargeReason.FACE,
  [Channel.VOICE]: ChargeReason.VOICE,
  [Channel.TEXT]: ChargeReason.TEXT,
};

function linesOf({ fromMs, toMs, kind, channel }: ReactionInterval, terms: PolicyTerms): BillLine[] {
  const line = (reason: ChargeReason, charged: boolean) => [{ fromMs, toMs, reason, charged }];
  if (kind === IntervalKind.EVIDENCE) return line(evidence[channel]!, true);
  if (kind === IntervalKind.GRACE_RECOVERED) return line(ChargeReason.GRACE_RECOVERED, terms.chargeRecoveredGrace);
  if (kind === IntervalKind.GRACE_LAPSED) return line(ChargeReason.GRACE_LAPSED, terms.chargeLapsedGrace);
  return line(kind === IntervalKind.ABSENT ? ChargeReason.ABSENT : ChargeReason.UNOBSERVED, false);
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
