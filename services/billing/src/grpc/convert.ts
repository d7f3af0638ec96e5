import { Party, ReceiptCopy, type PolicySnapshot, type Receipt, type ReceiptLine, type Wallet as ProtoWallet } from '@parley/contracts';
import { invalidArgument, parleyError } from '@parley/errors';
import { money, type Money } from '@parley/money';
import { nameOf, parties, toAppliedSources, toMoney, toParty, toPolicySnapshot, toReason } from '../bus/convert.ts';
import { inDrawingOrder } from '../domain/bucket.ts';
import { isAddress, isCallId } from '../domain/address.ts';
import type { Party as PartyName } from '../domain/charge.ts';
import { hostMicros } from '../domain/host-share.ts';
import type { RatedLine } from '../domain/rating.ts';
import { receiptOf } from '../domain/receipt.ts';
import { availableMicros, creditLimitMicros, reservedMicros, withoutExpired, type Wallet } from '../domain/wallet.ts';
import type { ChargeRef } from '../usecases/charge-ref.ts';
import type { ChargedRecord } from '../usecases/charge-store.ts';
import { toBucket } from './bucket.ts';
import { toCorrection } from './correction-answer.ts';
import { toDispute } from '../bus/dispute.ts';

/** @throws ParleyError `request.invalid_argument` */
export function requireRequestId(requestId: string): string {
  return require(/^[\x21-\x7e]{1,128}$/.test(requestId), requestId, 'request_id', 'has to be 1 to 128 printable ASCII characters');
}

/** @throws ParleyError `request.invalid_argument` */
export function requireAddress(address: string, field: string): string {
  return require(isAddress(address), address, field, 'has to be client:<name> or +<digits>');
}

/** @throws ParleyError `request.invalid_argument` */
export function requireCallId(callId: string): string {
  return require(isCallId(callId), callId, 'call_id', 'has to be CA and 32 hexadecimal digits');
}

/** @throws ParleyError `request.invalid_argument` */
export function requirePayer(payer: Party | undefined): PartyName | undefined {
  if (payer === undefined || payer === Party.UNSPECIFIED) return undefined;
  const name = nameOf<PartyName, Party>(parties, payer);
  if (name === undefined) throw invalidArgument([{ field: 'payer', description: 'has to be CALLER or CALLEE' }]);
  return name;
}

/** @throws ParleyError `request.invalid_argument` */
export function requireChargeRef({ callId, payer }: { readonly callId: string; readonly payer?: Party | undefined }): ChargeRef {
  return { callId: requireCallId(callId), payer: requirePayer(payer) };
}

/** A policy id that cannot be one is not looked for: it would be part of a key. */
export function requirePolicyId(policyId: string): string {
  if (!/^[a-z0-9-]{0,64}$/.test(policyId)) throw parleyError('not_found.policy', 'no such policy');
  return policyId;
}

/** @throws ParleyError `request.invalid_argument`, `money.unknown_currency` */
export function requireMoney(amount: Money | undefined, field: string): Money {
  if (amount === undefined) throw invalidArgument([{ field, description: 'is missing' }]);
  return money(amount.currency, amount.micros);
}

function require(holds: boolean, value: string, field: string, description: string): string {
  if (!holds) throw invalidArgument([{ field, description }]);
  return value;
}

/** @param atMs Unix time in ms: what has expired by then is not there. */
export function toWallet(stored: Wallet, atMs: bigint): ProtoWallet {
  const wallet = withoutExpired(stored, atMs);
  const { walletId, currency, balanceMicros } = wallet;
  return {
    walletId,
    balance: toMoney(currency, balanceMicros),
    reserved: toMoney(currency, reservedMicros(wallet)),
    available: toMoney(currency, availableMicros(wallet)),
    creditLimit: toMoney(currency, creditLimitMicros(wallet)),
    buckets: inDrawingOrder(wallet).map((part) => toBucket(part, currency)),
  };
}

export function toReceiptLine({ fromMs, toMs, reason, charged, amountMicros, bandPermille = 0 }: RatedLine, currency: string): ReceiptLine {
  return { fromMs, toMs, reason: toReason(reason), charged, amount: toMoney(currency, amountMicros), bandPermille };
}

export function toReceipt({ accountId, callId, charge }: ChargedRecord): Receipt {
  const { walletId, payer, policy } = charge.terms;
  const { currency } = policy.terms;
  const { lines, chargedMs, unchargedMs, totalMicros } = receiptOf(charge);
  return {
    callId,
    walletId,
    policy: toPolicySnapshot(policy),
    lines: lines.map((line) => toReceiptLine(line, currency)),
    chargedMs,
    unchargedMs,
    total: toMoney(currency, totalMicros),
    settled: charge.status === 'settled',
    settleReason: charge.status === 'settled' ? charge.settlement.reason : '',
    applied: toAppliedSources(accountId, callId, charge.observed.applied),
    corrections: charge.status === 'settled' ? (charge.corrections ?? []).map((correction) => toCorrection(correction, currency)) : [],
    correctedTotal: toMoney(currency, charge.status === 'settled' ? charge.published.chargedMicros : totalMicros),
    disputes: charge.status === 'settled' ? (charge.disputes ?? []).map((dispute) => toDispute(dispute, currency)) : [],
    copy: ReceiptCopy.PAYER,
    payer: toParty(payer),
    hostShare: undefined,
  };
}

/**
 * A receipt as it is written for one side. Who was seen is told what of that was charged and what of it is theirs, and not from
 * where it was paid, what the payer complained of, or who corrected it and why.
 */
export function copyOf(receipt: Receipt, copy: ReceiptCopy | undefined): Receipt {
  if (copy !== ReceiptCopy.COUNTERPART) return receipt;
  const corrections = receipt.corrections.map((correction) => ({ ...correction, reason: '', actor: '' }));
  return { ...receipt, copy, walletId: '', corrections, disputes: [], hostShare: hostShareOf(receipt.policy, receipt.correctedTotal) };
}

/** What the host gets of a cost; undefined if the policy has no share for the host. */
export function hostShareOf(policy: PolicySnapshot | undefined, cost: Money | undefined): Money | undefined {
  const permille = policy?.terms?.prices?.hostPermille ?? 0;
  return cost && permille > 0 ? toMoney(cost.currency, hostMicros(cost.micros, permille)) : undefined;
}
