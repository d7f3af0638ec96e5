import { describe, expect, test } from '@jest/globals';
import { BillingSettled, Channel, ChargeReason, Event, IntervalKind, Party, PolicyTerms, RoundingMode, type BillingEvent, type ReactionInterval, type Receipt } from '@parley/contracts';
import { billOf, differences, type Bill } from './receipt-check.ts';

const source = '/acme/calls/CA1/reaction/caller';
// Ten micro-units a millisecond.
const terms = PolicyTerms.fromPartial({ rateMicros: 600_000n, unitMs: 60_000n, rounding: RoundingMode.HALF_EVEN, roundingIncrementMicros: 1n });

function face(fromMs: bigint, toMs: bigint): ReactionInterval {
  return { fromMs, toMs, kind: IntervalKind.EVIDENCE, channel: Channel.FACE, confidence: 0.9 };
}

function absent(fromMs: bigint, toMs: bigint): ReactionInterval {
  return { fromMs, toMs, kind: IntervalKind.ABSENT, channel: Channel.UNSPECIFIED, confidence: 0 };
}

function reaction(sequence: bigint, intervals: ReactionInterval[], finalMs?: bigint): Event {
  const observedThroughMs = intervals.at(-1)?.toMs ?? 0n;
  const event = finalMs === undefined ? {} : { event: { $case: 'ended' as const, value: { finalMs } } };
  return Event.fromPartial({ source, sequence, data: { $case: 'reaction', value: { party: Party.CALLER, observedThroughMs, intervals, ...event } } });
}

function billing(event: NonNullable<BillingEvent['event']>): Event {
  return Event.fromPartial({ data: { $case: 'billing', value: { event } } });
}

/** With everything applied, unless told. */
function settled(value: Parameters<typeof BillingSettled.fromPartial>[0]): Event {
  return billing({ $case: 'settled', value: BillingSettled.fromPartial({ applied: [{ source, sequence: 9n }], reason: 'completed', ...value }) });
}

function told(bill: Bill): unknown[] {
  return bill.lines.map(({ fromMs, toMs, reason, charged }) => [fromMs, toMs, reason, charged]);
}

const { FACE, ABSENT, UNOBSERVED, FREE_PERIOD, NOT_GRANTED } = ChargeReason;

describe('the bill of a settled call', () => {
  test('charges nothing from limit_ms on; what costs nothing anyway keeps its reason', () => {
    const bill = billOf([reaction(0n, [face(0n, 100n), absent(100n, 150n), face(150n, 200n)]), settled({ limitMs: 70n, finalMs: 200n })], Party.CALLER, terms);
    expect(told(bill)).toEqual([
      [0n, 70n, FACE, true],
      [70n, 100n, NOT_GRANTED, false],
      [100n, 150n, ABSENT, false],
      [150n, 200n, NOT_GRANTED, false],
    ]);
    expect(bill).toMatchObject({ chargedMs: 70n, totalMicros: 700n });
  });

  test('a limit of 0 is a limit, and none is none', () => {
    const events = [reaction(0n, [face(0n, 100n)])];
    expect(told(billOf([...events, settled({ limitMs: 0n, finalMs: 100n })], Party.CALLER, terms))).toEqual([[0n, 100n, NOT_GRANTED, false]]);
    expect(told(billOf([...events, settled({ finalMs: 100n })], Party.CALLER, terms))).toEqual([[0n, 100n, FACE, true]]);
  });

  test('the free period is the first charged time, and is not used up beyond the limit', () => {
    const events = [reaction(0n, [face(0n, 20n), absent(20n, 50n), face(50n, 100n)])];
    const free = { ...terms, freePeriodMs: 30n };
    expect(told(billOf([...events, settled({ finalMs: 100n })], Party.CALLER, free))).toEqual([
      [0n, 20n, FREE_PERIOD, false],
      [20n, 50n, ABSENT, false],
      [50n, 60n, FREE_PERIOD, false],
      [60n, 100n, FACE, true],
    ]);
    expect(told(billOf([...events, settled({ limitMs: 55n, finalMs: 100n })], Party.CALLER, free)).slice(2)).toEqual([
      [50n, 55n, FREE_PERIOD, false],
      [55n, 100n, NOT_GRANTED, false],
    ]);
  });

  test('what no interval tells of is unobserved: a hole, and the rest up to final_ms', () => {
    const bill = billOf([reaction(0n, [face(10n, 40n)]), reaction(1n, [face(30n, 60n)]), settled({ finalMs: 100n })], Party.CALLER, terms);
    expect(told(bill)).toEqual([
      [0n, 10n, UNOBSERVED, false],
      [10n, 60n, FACE, true],
      [60n, 100n, UNOBSERVED, false],
    ]);
  });

  test.each([
    [RoundingMode.HALF_EVEN, 20n],
    [RoundingMode.HALF_UP, 30n],
    [RoundingMode.DOWN, 20n],
    [RoundingMode.UP, 30n],
  ])('is rounded once to the increment, in mode %s', (rounding, totalMicros) => {
    const events = [reaction(0n, [face(0n, 1n), absent(1n, 2n), face(2n, 3n)]), settled({ finalMs: 3n })];
    const halfway = { ...terms, rateMicros: 25n, unitMs: 2n, rounding, roundingIncrementMicros: 10n };
    expect(billOf(events, Party.CALLER, halfway).totalMicros).toBe(totalMicros);
  });

  test('an event that was delivered twice counts once, and the other side never', () => {
    const once = reaction(0n, [face(0n, 100n)]);
    const other = Event.fromPartial({ sequence: 1n, data: { $case: 'reaction', value: { party: Party.CALLEE, intervals: [face(100n, 200n)] } } });
    expect(billOf([once, other, once, settled({ finalMs: 100n })], Party.CALLER, terms).totalMicros).toBe(1_000n);
  });
});

describe('reactions that came after the settlement', () => {
  const lost = settled({ reason: 'recognition_lost', applied: [{ source, sequence: 0n }], finalMs: 200n, total: { currency: 'EUR', micros: 500n } });
  const [inTime, late, last] = [reaction(0n, [face(0n, 50n)]), reaction(1n, [face(50n, 100n)]), reaction(2n, [face(100n, 120n)], 120n)];

  test('do not count while they are incomplete', () => {
    const bill = billOf([inTime, lost, late], Party.CALLER, terms);
    expect(told(bill)).toEqual([
      [0n, 50n, FACE, true],
      [50n, 200n, UNOBSERVED, false],
    ]);
  });

  test('count once they were adjusted for', () => {
    const adjusted = billing({ $case: 'adjusted', value: { entryId: 'e', difference: { currency: 'EUR', micros: 700n }, reason: 'late_reaction', policy: undefined, utcOffsetMinutes: 0 } });
    const bill = billOf([inTime, lost, late, last, adjusted], Party.CALLER, terms);
    expect(told(bill)).toEqual([
      [0n, 120n, FACE, true],
      [120n, 200n, UNOBSERVED, false],
    ]);
    expect(bill.totalMicros).toBe(1_200n);
  });

  test('are not charged if there was no adjustment', () => {
    const bill = billOf([inTime, lost, late, last], Party.CALLER, terms);
    expect(told(bill)).toEqual([
      [0n, 50n, FACE, true],
      [50n, 120n, NOT_GRANTED, false],
      [120n, 200n, UNOBSERVED, false],
    ]);
  });
});

test('a receipt that differs is told, each way by itself', () => {
  const bill = billOf([reaction(0n, [face(0n, 100n)]), settled({ limitMs: 70n, finalMs: 100n })], Party.CALLER, terms);
  const line = (fromMs: bigint, toMs: bigint, reason: ChargeReason, micros: bigint) => ({ fromMs, toMs, reason, charged: micros > 0n, amount: { currency: 'EUR', micros }, bandPermille: 0 });
  const receipt = { lines: [line(0n, 70n, FACE, 700n), line(70n, 100n, NOT_GRANTED, 0n)], chargedMs: 70n, total: { currency: 'EUR', micros: 700n } } as Partial<Receipt> as Receipt;
  expect(differences(receipt, bill)).toEqual([]);
  expect(differences({ ...receipt, lines: [line(0n, 100n, FACE, 1_000n)] }, bill)).toEqual([
    expect.stringMatching(/^lines: /),
    'sum of the lines: receipt says 1000, events say 700',
  ]);
});
