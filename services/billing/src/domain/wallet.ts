import { parleyError } from '@parley/errors';
import { entryEncodingOf, genesisHash, isManual, type Digest, type EntryReason, type LedgerEntry } from './ledger-entry.ts';

export type { LedgerEntry } from './ledger-entry.ts';

/**
 * What is held for one call: `coverMicros` is the most that the call may cost in all through media time `grantedMs`, of
 * which `postedMicros` were charged already. The difference is reserved.
 */
export interface Hold {
  readonly coverMicros: bigint;
  readonly postedMicros: bigint;
  readonly grantedMs: bigint;
}

/** A prepaid balance of one address of an account. Its ledger entries are numbered from 0 without a hole. */
export interface Wallet {
  readonly walletId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly balanceMicros: bigint;
  readonly holds: Readonly<Record<string, Hold>>;
  readonly nextEntry: bigint;
  /** Hash of the last entry; absent if no entry is chained yet. */
  readonly headHash?: string;
  /** Number of the first entry with a hash: those before it are of before the chain. Absent as `headHash` is. */
  readonly firstChained?: bigint;
}

const numberDigits = 12;

/** `<wallet>/<number>`: sorts as text, and can be computed by whoever knows how many entries there are. */
export function entryIdOf({ walletId, number }: Pick<LedgerEntry, 'walletId' | 'number'>): string {
  return `${walletId}/${number.toString().padStart(numberDigits, '0')}`;
}

/** Money that comes in (`top_up`) or is charged for a call, in positive micro-units; what is done by hand may be negative: money back. */
export interface Posting extends Pick<LedgerEntry, 'key' | 'currency' | 'amountMicros' | 'reason' | 'causeId' | 'callId' | 'atMs' | 'basis' | 'actor' | 'note' | 'bucket'> {
  /** What was held for it; absent: what is held for the call. */
  readonly holdId?: string;
}

const maxInt64 = 9_223_372_036_854_775_807n;

export function emptyWallet(walletId: string, accountId: string, currency: string): Wallet {
  return { walletId, accountId, currency, balanceMicros: 0n, holds: {}, nextEntry: 0n };
}

export function reservedMicros({ holds }: Wallet): bigint {
  return Object.values(holds).reduce((sum, { coverMicros, postedMicros }) => sum + coverMicros - postedMicros, 0n);
}

/** What new holds and charges may use. */
export function availableMicros(wallet: Wallet): bigint {
  return wallet.balanceMicros - reservedMicros(wallet);
}

/**
 * Books a posting: the balance and the complete two-sided entry change together.
 * The other side of a top-up is the account's funding, that of a charge its revenue, from which money back comes, too; both
 * are sums over entries and kept nowhere else, so that they cannot fall out of step.
 * @param digest chains the entry to the one before it.
 * @throws ParleyError `wallet.currency_mismatch`, `wallet.invalid_amount`, `wallet.insufficient_balance`
 */
export function post(wallet: Wallet, posting: Posting, digest: Digest): { wallet: Wallet; entry: LedgerEntry } {
  requireCurrency(wallet, posting.currency);
  const { holdId: _holdId, ...content } = posting;
  const isBack = isManual(posting.reason) && posting.amountMicros < 0n;
  const amountMicros = isBack ? -posting.amountMicros : posting.amountMicros;
  if (amountMicros <= 0n) throw parleyError('wallet.invalid_amount', 'the amount has to be positive');
  const booked = isBack || posting.reason === 'top_up' ? credit(wallet, amountMicros) : debit(wallet, posting);
  const unchained = {
    ...content,
    amountMicros,
    ...sidesOf(posting.reason, wallet, isBack),
    number: wallet.nextEntry,
    walletId: wallet.walletId,
    balanceAfterMicros: booked.balanceMicros,
    previousHash: wallet.headHash ?? genesisHash,
  };
  const headHash = digest(entryEncodingOf(unchained));
  const firstChained = wallet.firstChained ?? wallet.nextEntry;
  return { wallet: { ...booked, nextEntry: wallet.nextEntry + 1n, headHash, firstChained }, entry: { ...unchained, hash: headHash } };
}

/** The accounts of an entry. */
export function sidesOf(reason: EntryReason, { walletId, accountId }: Wallet, isBack = false): Pick<LedgerEntry, 'debitAccount' | 'creditAccount'> {
  const own = `wallet:${walletId}`;
  const revenue = `revenue:${accountId}`;
  if (reason === 'top_up') return { debitAccount: `funding:${accountId}`, creditAccount: own };
  return isBack ? { debitAccount: revenue, creditAccount: own } : { debitAccount: own, creditAccount: revenue };
}

function credit(wallet: Wallet, amountMicros: bigint): Wallet {
  requireRoom(wallet, amountMicros);
  return { ...wallet, balanceMicros: wallet.balanceMicros + amountMicros };
}

/**
 * For whoever has to know before it is booked whether money can come in.
 * @throws ParleyError `wallet.invalid_amount`
 */
export function requireRoom({ balanceMicros }: Wallet, amountMicros: bigint): void {
  if (balanceMicros + amountMicros > maxInt64) throw parleyError('wallet.invalid_amount', 'the balance would be out of range');
}

/** Uses what is held for it, then what is available; never what is held for another call. */
function debit(wallet: Wallet, { callId, holdId = callId, amountMicros }: Posting): Wallet {
  const hold = wallet.holds[holdId] ?? { coverMicros: 0n, postedMicros: 0n, grantedMs: 0n };
  const postedMicros = hold.postedMicros + amountMicros;
  const coverMicros = hold.coverMicros > postedMicros ? hold.coverMicros : postedMicros;
  if (coverMicros - hold.coverMicros > availableMicros(wallet)) {
    throw parleyError('wallet.insufficient_balance', 'the charge is more than was held for the call and is available');
  }
  const holds = holdId in wallet.holds ? { ...wallet.holds, [holdId]: { ...hold, coverMicros, postedMicros } } : wallet.holds;
  return { ...wallet, holds, balanceMicros: wallet.balanceMicros - amountMicros };
}

/** What should be granted: media time through which, and what the call costs in all by then. */
export interface HoldStep {
  readonly untilMs: bigint;
  readonly coverMicros: bigint;
}

export interface HoldRequest {
  readonly callId: string;
  readonly currency: string;
  /** Ascending; the last one that the balance covers is held. */
  readonly steps: readonly HoldStep[];
  /** What was charged for the call already, if the wallet holds nothing for it. */
  readonly postedMicros: bigint;
}

export interface HoldAnswer {
  readonly wallet: Wallet;
  readonly grantedMs: bigint;
  /** The balance did not cover the last step. */
  readonly isShort: boolean;
}

/**
 * Holds enough for the last step that the balance covers. The cover is the call's, not the step's: a call that was
 * charged less than was feared gives back here what it does not need. A hold never goes back in media time.
 * @throws ParleyError `wallet.currency_mismatch`
 */
export function hold(wallet: Wallet, { callId, currency, steps, postedMicros }: HoldRequest): HoldAnswer {
  requireCurrency(wallet, currency);
  const before = wallet.holds[callId] ?? { coverMicros: postedMicros, postedMicros, grantedMs: 0n };
  const usable = availableMicros(wallet) + before.coverMicros;
  const open = steps.filter(({ untilMs }) => untilMs > before.grantedMs);
  const best = open.findLast(({ coverMicros }) => coverMicros <= usable);
  const isShort = open.length > 0 && best !== open.at(-1);
  if (best === undefined) return { wallet, grantedMs: before.grantedMs, isShort };
  const coverMicros = best.coverMicros > before.postedMicros ? best.coverMicros : before.postedMicros;
  const holds = { ...wallet.holds, [callId]: { ...before, coverMicros, grantedMs: best.untilMs } };
  return { wallet: { ...wallet, holds }, grantedMs: best.untilMs, isShort };
}

/** Gives back what is held for a call; nothing, if nothing is. */
export function release(wallet: Wallet, callId: string): Wallet {
  const { [callId]: _released, ...holds } = wallet.holds;
  return { ...wallet, holds };
}

function requireCurrency(wallet: Wallet, currency: string): void {
  if (wallet.currency !== currency) {
    throw parleyError('wallet.currency_mismatch', `the wallet is held in ${wallet.currency}, not in ${currency}`);
  }
}
