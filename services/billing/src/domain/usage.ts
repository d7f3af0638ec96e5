import { chargeIdOf } from './charge-id.ts';
import type { SettledCharge } from './charge.ts';
import { hostMicros, hostOf, hostPermilleOf } from './host-share.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { receiptOf } from './receipt.ts';
import type { RatedLine } from './rating.ts';

/** A value of a row: text, milliseconds or a count, or an amount in micro-units of the row's currency. */
export type UsageValue = string | number | { readonly micros: bigint };

/** A row of an export: what a call cost, or what a ledger entry says. */
export interface UsageRow {
  /** The same whenever it is exported. */
  readonly id: string;
  readonly type: 'call' | 'entry';
  readonly walletId: string;
  /** Unix time in ms. */
  readonly atMs: bigint;
  readonly currency: string;
  /** Of all rows of a type the same names, in the same order. */
  readonly values: Readonly<Record<string, UsageValue>>;
}

export interface CallSides {
  readonly from: string;
  readonly to: string;
}

/** Of a settled call: charged and other time, that of each channel, what it cost in all, later corrections included, and whose share that is. */
export function usageOfCall(callId: string, sides: CallSides, charge: SettledCharge, endedMs: bigint): UsageRow {
  const { terms, settlement, observed, published } = charge;
  const { from, to } = sides;
  const { policyId, version, terms: policyTerms } = terms.policy;
  const permille = hostPermilleOf(policyTerms);
  const { lines, chargedMs, unchargedMs } = receiptOf(charge);
  return {
    id: chargeIdOf({ callId, charge }),
    type: 'call',
    walletId: terms.walletId,
    atMs: endedMs,
    currency: policyTerms.currency,
    values: {
      call_id: callId,
      from,
      to,
      payer: terms.payer,
      wallet_id: terms.walletId,
      policy_id: policyId,
      policy_version: version,
      media_origin_time: observed.mediaOriginMs === undefined ? '' : timeText(observed.mediaOriginMs),
      ended_time: timeText(endedMs),
      settle_reason: settlement.reason,
      charged_ms: Number(chargedMs),
      uncharged_ms: Number(unchargedMs),
      face_ms: chargedAs(lines, ['face']),
      voice_ms: chargedAs(lines, ['voice']),
      text_ms: chargedAs(lines, ['text']),
      grace_ms: chargedAs(lines, ['grace_recovered', 'grace_lapsed']),
      amount: { micros: published.chargedMicros },
      currency: policyTerms.currency,
      host: permille === 0 ? '' : hostOf(sides, terms.payer),
      host_amount: { micros: hostMicros(published.chargedMicros, permille) },
    },
  };
}

function chargedAs(lines: readonly RatedLine[], reasons: readonly RatedLine['reason'][]): number {
  const ms = lines.filter(({ charged, reason }) => charged && reasons.includes(reason)).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0n);
  return Number(ms);
}

/** @param id `<wallet>/<number>` */
export function usageOfEntry(id: string, entry: LedgerEntry): UsageRow {
  const { walletId, atMs, currency, basis } = entry;
  return {
    id,
    type: 'entry',
    walletId,
    atMs,
    currency,
    values: {
      entry_id: id,
      wallet_id: walletId,
      time: timeText(atMs),
      reason: entry.reason,
      debit_account: entry.debitAccount,
      credit_account: entry.creditAccount,
      amount: { micros: entry.amountMicros },
      currency,
      balance_after: { micros: entry.balanceAfterMicros },
      share_account: entry.share?.account ?? '',
      share_amount: { micros: entry.share?.amountMicros ?? 0n },
      call_id: entry.callId,
      from_ms: Number(basis?.fromMs ?? 0n),
      to_ms: Number(basis?.toMs ?? 0n),
      policy_id: basis?.policyId ?? '',
      policy_version: basis?.policyVersion ?? 0,
      cause_id: entry.causeId,
      bucket: entry.bucket ?? '',
      actor: entry.actor ?? '',
      note: entry.note ?? '',
      hash: entry.hash ?? '',
    },
  };
}

function timeText(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}
