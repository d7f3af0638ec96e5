import type { PartyName, StreamedEvent } from '@parley/bus';
import type { BillingEvent, BillingSettled, LedgerEntry, Receipt } from '@parley/contracts';
import type { PlayedCall } from './call-player.ts';
import { oracleBill, type OracleBill } from './charge-oracle.ts';
import type { PayingSide } from './paying-sides.ts';

/** All that billing says of one charge of a call. */
export interface ChargeEvidence {
  readonly played: PlayedCall;
  readonly side: PayingSide;
  /** Once each, in the order in which they came. */
  readonly events: readonly StreamedEvent[];
  /** Of its wallet. */
  readonly entries: readonly LedgerEntry[];
  /** Of a charged call. */
  readonly receipt: Receipt | undefined;
}

export interface ChargeVerdict {
  readonly faults: readonly string[];
  /** In all. */
  readonly chargedMicros: bigint;
  /** Before all of its events had come, so that something may have been left out, or added as an adjustment. */
  readonly wasSettledEarly: boolean;
  readonly wasAdjusted: boolean;
  /** From some moment on the balance did not cover it. */
  readonly wasLimited: boolean;
}

/** Of a call's events those of one charge: where each side pays, its source has the side. */
export function eventsOfCharge(events: readonly StreamedEvent[], { call: { callId, wallet }, terms }: PlayedCall, payer: PartyName): readonly StreamedEvent[] {
  const source = `/${wallet.accountId}/calls/${callId}/billing${terms.prices?.payer === 'each' ? `/${payer}` : ''}`;
  return events.filter((event) => event.source === source);
}

type BillingCase = NonNullable<BillingEvent['event']>;
type ValueOf<Name> = Extract<BillingCase, { $case: Name }>['value'];

function valuesOf<Name extends BillingCase['$case']>(events: readonly StreamedEvent[], name: Name): ValueOf<Name>[] {
  const said = events.flatMap(({ data }) => (data.class === 'billing' && data.value.event?.$case === name ? [data.value.event.value] : []));
  return said as ValueOf<Name>[];
}

/** Holds what billing says against what the oracle says. */
export function judgeCharge(evidence: ChargeEvidence): ChargeVerdict {
  const { played, side, events, entries } = evidence;
  const [settled, ...more] = valuesOf(events, 'settled');
  if (!played.isCharged || settled === undefined || more.length > 0) {
    const expected = played.isCharged ? 1 : 0;
    const faults = [...differences('settlements', more.length + (settled === undefined ? 0 : 1), expected), ...(played.isCharged ? [] : differences('entries', entries.length, 0))];
    return { faults: named(evidence, faults), chargedMicros: 0n, wasSettledEarly: false, wasAdjusted: false, wasLimited: false };
  }
  const bill = oracleBill(played, side, settled);
  const adjustments = valuesOf(events, 'adjusted');
  const wasAdjusted = adjustments.length > 0;
  const faults = [
    ...faultsOfSettlement(evidence, settled, bill),
    ...faultsOfEntries(evidence, bill),
    ...faultsOfAdjustment(evidence, adjustments, bill),
    ...faultsOfShares(evidence),
    ...faultsOfReceipt(evidence, bill, wasAdjusted),
  ];
  const chargedMicros = bill.settledMicros + (wasAdjusted ? bill.lateMicros : 0n);
  return { faults: named(evidence, faults), chargedMicros, wasSettledEarly: settled.reason !== reasonOf(played), wasAdjusted, wasLimited: settled.limitMs !== undefined };
}

function named({ played: { call: { callId, course } }, side: { payer, wallet } }: ChargeEvidence, faults: readonly string[]): string[] {
  return faults.map((fault) => `${callId} (${course}, ${payer} pays from a ${wallet.means} wallet): ${fault}`);
}

/** How it is settled once all its events have come. */
function reasonOf({ call }: PlayedCall): string {
  if (call.course === 'call lost') return 'call_lost';
  return call.course === 'recognition lost' ? 'recognition_lost' : 'completed';
}

function faultsOfSettlement({ played, side }: ChargeEvidence, settled: BillingSettled, bill: OracleBill): string[] {
  const isPossible = settled.reason === reasonOf(played) || settled.reason === 'call_lost' || (settled.reason === 'recognition_lost' && played.call.course === 'completed');
  return [
    ...differences('settled total', settled.total?.micros, bill.settledMicros),
    ...differences('final media time', settled.finalMs, bill.finalMs),
    ...(isPossible ? [] : [`settled as ${settled.reason}`]),
    ...(side.wallet.means === 'rich' ? differences('limit of a balance that covers everything', settled.limitMs, undefined) : []),
  ];
}

/** One entry for each charged event, with its amount and interval, and all of them the total. */
function faultsOfEntries({ events, entries }: ChargeEvidence, bill: OracleBill): string[] {
  const told = valuesOf(events, 'charged').map(({ entryId, amount, fromMs, toMs }) => ({ entryId, micros: amount?.micros, fromMs, toMs }));
  const booked = entries.filter(({ reason }) => reason === 'charge').map(({ entryId, amount, fromMs, toMs }) => ({ entryId, micros: amount?.micros, fromMs, toMs }));
  const sum = booked.reduce((total, { micros }) => total + (micros ?? 0n), 0n);
  return [...differences('entries', text(booked), text(told)), ...differences('sum of the entries', sum, bill.settledMicros)];
}

function faultsOfAdjustment({ side, entries }: ChargeEvidence, adjustments: readonly ValueOf<'adjusted'>[], { lateMicros }: OracleBill): string[] {
  const told = adjustments.map(({ entryId, difference }) => ({ entryId, micros: difference?.micros }));
  const booked = entries.filter(({ reason }) => reason !== 'charge').map(({ entryId, amount }) => ({ entryId, micros: amount?.micros }));
  // A balance that does not cover it leaves it out.
  const isDue = lateMicros > 0n && (told.length > 0 || side.wallet.means === 'rich');
  return [...differences('adjustments in the ledger', text(booked), text(told)), ...differences('adjustments', text(told.map(({ micros }) => micros)), text(isDue ? [lateMicros] : []))];
}

/**
 * What the host gets: of what all entries take, by the policy, rounded down once. Of an entry it is what that adds to the share of those
 * before it: told here with the parts that are left, which are rounded up.
 */
function faultsOfShares({ played: { terms }, side: { host }, entries }: ChargeEvidence): string[] {
  const left = 1000n - BigInt(terms.prices?.hostPermille ?? 0);
  let micros = 0n;
  let others = 0n;
  const due = entries.map(({ amount }) => {
    micros += amount?.micros ?? 0n;
    const before = others;
    others = (micros * left + 999n) / 1000n;
    const share = (amount?.micros ?? 0n) - (others - before);
    return share === 0n ? 'nothing' : `${share} for host:${host.accountId}/${host.address}`;
  });
  const booked = entries.map(({ share, shareAccount }) => (share === undefined ? 'nothing' : `${share.micros} for ${shareAccount}`));
  return differences('shares of the host', booked.join(', '), due.join(', '));
}

function faultsOfReceipt({ receipt }: ChargeEvidence, bill: OracleBill, wasAdjusted: boolean): string[] {
  if (receipt === undefined) return ['it has no receipt'];
  const isPaid = wasAdjusted || bill.lateMicros === 0n;
  const lines = receipt.lines.map(({ amount, ...line }) => ({ ...line, micros: amount?.micros }));
  return [
    ...differences('total of the receipt', receipt.total?.micros, bill.settledMicros + (wasAdjusted ? bill.lateMicros : 0n)),
    ...differences('lines of the receipt', text(lines), text(isPaid ? bill.linesWithLate : bill.linesWithoutLate)),
  ];
}

function differences(what: string, actual: unknown, expected: unknown): string[] {
  return actual === expected ? [] : [`${what}: billing says ${String(actual)}, the oracle ${String(expected)}`];
}

/** The same for what has the same content. */
function text(value: readonly unknown[]): string {
  const ordered = (item: unknown) => (typeof item === 'object' && item !== null ? Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1))) : item);
  return JSON.stringify(value.map(ordered), (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item));
}
