import { parleyError } from '@parley/errors';
import type { HostShare } from './host-share.ts';

export const manualReasons = ['refund', 'dispute', 'rerating'] as const;
/** `adjustment` follows from events that came late; what follows `expiry` is done by hand. */
const entryReasons = ['top_up', 'charge', 'adjustment', 'expiry', ...manualReasons] as const;

export type EntryReason = (typeof entryReasons)[number];
export type ManualReason = (typeof manualReasons)[number];

/** @throws ParleyError `bus.malformed_event` */
export function requireEntryReason(text: string): EntryReason {
  const known = entryReasons.find((reason) => reason === text);
  if (known === undefined) throw parleyError('bus.malformed_event', `an entry is booked for no known reason: ${text}`);
  return known;
}

/** Whether somebody did it: such an entry says who and why, and may give money back. */
export function isManual(reason: EntryReason): reason is ManualReason {
  return manualReasons.some((manual) => manual === reason);
}

/** The interval of media time, in ms, and the policy that a charge was rated by. */
export interface PostingBasis {
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly policyId: string;
  readonly policyVersion: number;
}

/** One double entry: complete, numbered, chained to the one before it, never changed. */
export interface LedgerEntry {
  readonly number: bigint;
  readonly walletId: string;
  readonly debitAccount: string;
  readonly creditAccount: string;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly balanceAfterMicros: bigint;
  readonly reason: EntryReason;
  /** Id of the event or request that caused it; of an expiry the bucket. */
  readonly causeId: string;
  /** Empty for a top-up and an expiry. */
  readonly callId: string;
  /** Unix time in ms. */
  readonly atMs: bigint;
  /** What makes the command the same one when it comes again; unique in the wallet. */
  readonly key: string;
  /** Absent for a top-up and an expiry. */
  readonly basis?: PostingBasis;
  /** Subject of the token of who corrected by hand; absent for what follows from events. */
  readonly actor?: string;
  /** Why it was corrected, in the actor's words. */
  readonly note?: string;
  /** Part of the balance that it changes, by its name; absent: the plain one. */
  readonly bucket?: string;
  /** What of the amount is between the wallet and the host; absent: nothing. */
  readonly share?: HostShare;
  /** Lower-case hex; empty for the first of the chain, absent in entries of before it. */
  readonly previousHash?: string;
  /** Digest of its encoding; absent in entries of before the chain. */
  readonly hash?: string;
}

const creditReasons: ReadonlySet<EntryReason> = new Set(['top_up', 'refund', 'dispute']);

/** Whether money comes in. A re-rating goes either way, as its own sides say. */
export function isCredit({ reason, creditAccount, walletId }: Pick<LedgerEntry, 'reason' | 'creditAccount' | 'walletId'>): boolean {
  return creditReasons.has(reason) || (reason === 'rerating' && creditAccount === `wallet:${walletId}`);
}

/** What an entry does to its wallet's balance. */
export function signedMicros(entry: Pick<LedgerEntry, 'reason' | 'creditAccount' | 'walletId' | 'amountMicros'>): bigint {
  return isCredit(entry) ? entry.amountMicros : -entry.amountMicros;
}

/** What an entry adds to what its call was charged; less, if negative. */
export function chargedMicrosOf(entry: Pick<LedgerEntry, 'callId' | 'reason' | 'creditAccount' | 'walletId' | 'amountMicros'>): bigint {
  return entry.callId === '' ? 0n : -signedMicros(entry);
}

/** The entries of a charge: the two sides of a call never pay from one wallet. */
export function chargeKeyOf({ callId, walletId }: Pick<LedgerEntry, 'callId' | 'walletId'>): string {
  return `${callId} ${walletId}`;
}

/** What an entry adds to what the host is owed; less, if negative. */
export function hostMicrosOf(entry: Pick<LedgerEntry, 'reason' | 'creditAccount' | 'walletId' | 'share'>): bigint {
  const { amountMicros = 0n } = entry.share ?? {};
  return isCredit(entry) ? -amountMicros : amountMicros;
}

/** SHA-256 of UTF-8 text, as lower-case hex. */
export type Digest = (text: string) => string;

/** Previous hash of a wallet's first chained entry. */
export const genesisHash = '';

/**
 * What an entry's hash is taken of: all of its fields, the previous hash among them. Each field is preceded by its length (in
 * UTF-16 units), because keys and cause ids are free strings: no two entries have the same encoding. The order is fixed for
 * good; an encoding with more fields has another first field. An entry that says nothing in the fields of a later encoding
 * has the earlier one, as it always had.
 */
export function entryEncodingOf(entry: Omit<LedgerEntry, 'hash'>): string {
  return fieldsOf(entry).map((field) => `${field.length}:${field}`).join('');
}

function fieldsOf(entry: Omit<LedgerEntry, 'hash'>): string[] {
  const { actor, note, bucket, share } = entry;
  const second = [...firstFieldsOf(entry), actor ?? '', note ?? '', bucket ?? ''];
  if (share !== undefined) return ['parley-ledger-entry-3', ...second, share.account, String(share.amountMicros)];
  const isPlain = actor === undefined && note === undefined && bucket === undefined;
  return isPlain ? ['parley-ledger-entry-1', ...firstFieldsOf(entry)] : ['parley-ledger-entry-2', ...second];
}

function firstFieldsOf({ basis, ...entry }: Omit<LedgerEntry, 'hash'>): string[] {
  return [
    entry.previousHash ?? genesisHash,
    entry.walletId,
    entry.number,
    entry.key,
    entry.debitAccount,
    entry.creditAccount,
    entry.currency,
    entry.amountMicros,
    entry.balanceAfterMicros,
    entry.reason,
    entry.causeId,
    entry.callId,
    entry.atMs,
    basis?.fromMs ?? '',
    basis?.toMs ?? '',
    basis?.policyId ?? '',
    basis?.policyVersion ?? '',
  ].map(String);
}
