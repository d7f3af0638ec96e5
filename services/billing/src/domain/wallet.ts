import { parleyError } from '@parley/errors';
import { bucketTermsOf, changePart, drawsOf, expiredDraws, isExpired, type Parted } from './bucket.ts';
import { sharesOf, type HostShare, type Split } from './host-share.ts';
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

/** How far the balance may go below zero. */
export interface Credit {
  readonly limitMicros: bigint;
  /** How often it was set. */
  readonly changes: bigint;
}

/** The balance of one address of an account. Its ledger entries are numbered from 0 without a hole. */
export interface Wallet extends Parted {
  readonly walletId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly holds: Readonly<Record<string, Hold>>;
  /** Absent: prepaid, no credit was ever given. */
  readonly credit?: Credit;
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

/**
 * Money that comes in (`top_up`), is charged for a call, or expires, in positive micro-units; what is done by hand may be negative:
 * money back. `bucket` is where money comes in; where it is taken from, the wallet says.
 */
export interface Posting extends Pick<LedgerEntry, 'key' | 'currency' | 'amountMicros' | 'reason' | 'causeId' | 'callId' | 'atMs' | 'basis' | 'actor' | 'note' | 'bucket'> {
  /** What was held for it; absent: what is held for the call. */
  readonly holdId?: string;
  /** What the host's share of it follows from; absent: there is none. */
  readonly split?: Split;
}

/** Of an entry to be: what it is about, with a positive amount. */
interface Content extends Omit<Posting, 'holdId' | 'split'> {
  readonly share?: HostShare;
}

export const maxInt64 = 9_223_372_036_854_775_807n;

export function emptyWallet(walletId: string, accountId: string, currency: string): Wallet {
  return { walletId, accountId, currency, balanceMicros: 0n, holds: {}, nextEntry: 0n };
}

export function reservedMicros({ holds }: Wallet): bigint {
  return Object.values(holds).reduce((sum, { coverMicros, postedMicros }) => sum + coverMicros - postedMicros, 0n);
}

export function creditLimitMicros({ credit }: Wallet): bigint {
  return credit?.limitMicros ?? 0n;
}

/** What new holds and charges may use: balance and credit, less what is held. Below zero if the limit was lowered under what was used. */
export function availableMicros(wallet: Wallet): bigint {
  return wallet.balanceMicros + creditLimitMicros(wallet) - reservedMicros(wallet);
}

/** `entry` is the first of a posting: the one under its own key. */
export interface Posted {
  readonly wallet: Wallet;
  readonly entry: LedgerEntry;
  readonly entries: readonly LedgerEntry[];
}

/**
 * Books a posting: the balance and the complete two-sided entries change together, one entry for each part of the balance that
 * changes. The other side of a top-up is the account's funding, that of a charge its revenue, from which money back comes, too;
 * both are sums over entries and kept nowhere else, so that they cannot fall out of step.
 * @param digest chains each entry to the one before it.
 * @throws ParleyError `wallet.currency_mismatch`, `wallet.invalid_amount`, `wallet.insufficient_balance`, `wallet.bucket_expired`,
 *   `wallet.too_many_buckets`
 */
export function post(wallet: Wallet, posting: Posting, digest: Digest): Posted {
  requireCurrency(wallet, posting.currency);
  const { holdId: _holdId, split, ...asked } = posting;
  const isBack = isManual(posting.reason) && posting.amountMicros < 0n;
  const isIn = isBack || posting.reason === 'top_up';
  const content: Content = { ...asked, amountMicros: isBack ? -posting.amountMicros : posting.amountMicros };
  if (content.amountMicros <= 0n) throw parleyError('wallet.invalid_amount', 'the amount has to be positive');
  if (isIn) requireUsable(wallet, content);
  const parts = withShares(isIn ? [content] : partsOf(wallet, content), split, isIn);
  const booked = enterAll(isIn ? wallet : useHold(wallet, posting), parts, isIn, digest);
  return { ...booked, entry: booked.entries[0]! };
}

/** A part's key is the posting's with a number after a space, which no request id can contain: it is never another posting's. */
export function partKeyOf(key: string, part: number): string {
  return part === 0 ? key : `${key} #${part}`;
}

/** One for each bucket that is drawn, in that order. */
function partsOf(wallet: Wallet, posting: Content): Content[] {
  const { bucket: _asked, ...whole } = posting;
  return drawsOf(wallet, posting.amountMicros).map(({ bucket, amountMicros }, part) => ({
    ...whole,
    key: partKeyOf(posting.key, part),
    amountMicros,
    ...(bucket !== undefined && { bucket }),
  }));
}

function withShares(parts: readonly Content[], split: Split | undefined, isIn: boolean): readonly Content[] {
  if (split === undefined) return parts;
  const shares = sharesOf(split, parts.map(({ amountMicros }) => (isIn ? -amountMicros : amountMicros)));
  return parts.map((part, index) => ({ ...part, ...(shares[index] && { share: shares[index] }) }));
}

/**
 * Books what of expired buckets is not held for calls; what is held goes when it is given back. A wallet is seen so by each
 * change of it.
 */
export function expire(wallet: Wallet, atMs: bigint, digest: Digest): { wallet: Wallet; entries: LedgerEntry[] } {
  const { currency, nextEntry } = wallet;
  const postings = expiredDraws(wallet, atMs, availableMicros(wallet)).map(({ bucket, amountMicros }, index): Content => {
    const name = bucket ?? '';
    return { key: `expiry/${nextEntry + BigInt(index)}`, currency, amountMicros, reason: 'expiry', causeId: name, callId: '', atMs, bucket: name };
  });
  return enterAll(wallet, postings, false, digest);
}

/** The wallet as `expire` would leave it, for answering questions. */
export function withoutExpired(wallet: Wallet, atMs: bigint): Wallet {
  return expiredDraws(wallet, atMs, availableMicros(wallet)).reduce((rest, { bucket, amountMicros }) => changePart(rest, bucket, -amountMicros), wallet);
}

function enterAll(wallet: Wallet, postings: readonly Content[], isIn: boolean, digest: Digest): { wallet: Wallet; entries: LedgerEntry[] } {
  let entered = wallet;
  const entries = postings.map((posting) => {
    const { wallet: next, entry } = enter(entered, posting, isIn, digest);
    entered = next;
    return entry;
  });
  return { wallet: entered, entries };
}

function enter(before: Wallet, content: Content, isIn: boolean, digest: Digest): { wallet: Wallet; entry: LedgerEntry } {
  const wallet = changePart(before, content.bucket, isIn ? content.amountMicros : -content.amountMicros);
  const unchained = {
    ...content,
    ...sidesOf(content.reason, wallet, isIn),
    number: wallet.nextEntry,
    walletId: wallet.walletId,
    balanceAfterMicros: wallet.balanceMicros,
    previousHash: wallet.headHash ?? genesisHash,
  };
  const headHash = digest(entryEncodingOf(unchained));
  const firstChained = wallet.firstChained ?? wallet.nextEntry;
  return { wallet: { ...wallet, nextEntry: wallet.nextEntry + 1n, headHash, firstChained }, entry: { ...unchained, hash: headHash } };
}

/** The accounts of an entry by which money comes into the wallet, or goes out of it. */
export function sidesOf(reason: EntryReason, { walletId, accountId }: Wallet, isIn: boolean): Pick<LedgerEntry, 'debitAccount' | 'creditAccount'> {
  const own = `wallet:${walletId}`;
  if (reason === 'top_up') return { debitAccount: `funding:${accountId}`, creditAccount: own };
  if (reason === 'expiry') return { debitAccount: own, creditAccount: `expired:${accountId}` };
  const revenue = `revenue:${accountId}`;
  return isIn ? { debitAccount: revenue, creditAccount: own } : { debitAccount: own, creditAccount: revenue };
}

function requireUsable(wallet: Wallet, { amountMicros, bucket, atMs }: Content): void {
  requireRoom(wallet, amountMicros);
  if (isExpired(bucketTermsOf(bucket), atMs)) throw parleyError('wallet.bucket_expired', 'what is added would have expired already');
}

/**
 * For whoever has to know before it is booked whether money can come in.
 * @throws ParleyError `wallet.invalid_amount`
 */
export function requireRoom(wallet: Wallet, amountMicros: bigint): void {
  const fundsMicros = wallet.balanceMicros + amountMicros + creditLimitMicros(wallet);
  if (fundsMicros > maxInt64) throw parleyError('wallet.invalid_amount', 'the balance would be out of range');
}

/** Uses what is held for it, whatever the limit is now; then what is available; never what is held for another call. */
function useHold(wallet: Wallet, { callId, holdId = callId, amountMicros }: Posting): Wallet {
  const hold = wallet.holds[holdId] ?? { coverMicros: 0n, postedMicros: 0n, grantedMs: 0n };
  const postedMicros = hold.postedMicros + amountMicros;
  const coverMicros = hold.coverMicros > postedMicros ? hold.coverMicros : postedMicros;
  const moreMicros = coverMicros - hold.coverMicros;
  if (moreMicros > 0n && moreMicros > availableMicros(wallet)) {
    throw parleyError('wallet.insufficient_balance', 'the charge is more than was held for the call and is available');
  }
  return holdId in wallet.holds ? { ...wallet, holds: { ...wallet.holds, [holdId]: { ...hold, coverMicros, postedMicros } } } : wallet;
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
  /** Unix time in ms: what has expired by then is not held. */
  readonly atMs: bigint;
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
export function hold(wallet: Wallet, { callId, currency, steps, postedMicros }: Omit<HoldRequest, 'atMs'>): HoldAnswer {
  requireCurrency(wallet, currency);
  const before = wallet.holds[callId] ?? { coverMicros: postedMicros, postedMicros, grantedMs: 0n };
  const available = availableMicros(wallet);
  const usable = before.coverMicros + (available > 0n ? available : 0n);
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

/** @throws ParleyError `wallet.currency_mismatch` */
export function requireCurrency(wallet: Wallet, currency: string): void {
  if (wallet.currency !== currency) {
    throw parleyError('wallet.currency_mismatch', `the wallet is held in ${wallet.currency}, not in ${currency}`);
  }
}
