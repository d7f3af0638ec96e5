import { walletHolderOf, walletIdOf } from './address.ts';
import type { Party } from './charge.ts';
import type { PolicyTerms } from './policy-terms.ts';
import { pricesOf } from './price.ts';

/** That part of an entry's amount whose other side is the host's account in place of the account's revenue. */
export interface HostShare {
  readonly account: string;
  /** Positive, and at most the amount; it goes the way that the entry goes. */
  readonly amountMicros: bigint;
}

/** What the shares of a posting follow from. */
export interface Split {
  readonly account: string;
  readonly permille: number;
  /** What the call cost before the posting. */
  readonly costMicros: bigint;
}

/** Addresses of the root leg's sides. */
interface Sides {
  readonly from: string;
  readonly to: string;
}

/**
 * What the host gets of what a call costs in all, rounded down. An entry moves it by the difference between the cost after it and the
 * one before it: so the entries of a call add up to the share of what it costs in the end, in whichever order they came.
 */
export function hostMicros(costMicros: bigint, permille: number): bigint {
  return (costMicros * BigInt(permille)) / 1000n;
}

/** In thousandths; 0: a policy of no share. */
export function hostPermilleOf(terms: PolicyTerms): number {
  return pricesOf(terms).hostPermille ?? 0;
}

/** Who is seen by the payer: the other side of the call. */
export function hostOf({ from, to }: Sides, payer: Party): string {
  return payer === 'caller' ? to : from;
}

/** A payable: what it comes to is a sum over entries and kept nowhere else, and may be below zero after refunds. */
export function hostAccountOf(accountId: string, host: string): string {
  return `host:${walletIdOf(accountId, host)}`;
}

/**
 * The share of each entry of a posting.
 * @param differences what each adds to what the call costs, in micro-units and in the order of the entries; less, if negative
 * @returns undefined for an entry that moves nothing of it
 */
export function sharesOf({ account, permille, costMicros }: Split, differences: readonly bigint[]): (HostShare | undefined)[] {
  let before = costMicros;
  return differences.map((difference) => {
    const after = before + difference;
    const movedMicros = hostMicros(after, permille) - hostMicros(before, permille);
    before = after;
    return movedMicros === 0n ? undefined : { account, amountMicros: movedMicros < 0n ? -movedMicros : movedMicros };
  });
}

/** What of an entry's share no call can lead to. */
export function shareFaults({ share, walletId, callId, amountMicros }: { share?: HostShare; walletId: string; callId: string; amountMicros: bigint }): string[] {
  if (share === undefined) return [];
  const ownHosts = hostAccountOf(walletHolderOf(walletId).accountId, '');
  return [
    ...(callId === '' ? ['it is of no call, and has a share'] : []),
    ...(share.amountMicros > 0n && share.amountMicros <= amountMicros ? [] : [`its share is ${share.amountMicros}, of an amount of ${amountMicros}`]),
    ...(share.account.startsWith(ownHosts) ? [] : [`its share is for ${share.account}, which is no host of its account`]),
  ];
}
