import type { Db } from 'mongodb';
import type { CreditLimitChange } from '../domain/credit-limit.ts';
import { creditLimitMicros, reservedMicros, type Wallet } from '../domain/wallet.ts';
import { isEntry, type WalletNews } from '../store/wallet-repository.ts';

/** All changes of credit limits by wallet, in order; what a crash left in an outbox is `pending`. */
export async function readLimits(db: Db, pending: readonly WalletNews[]): Promise<Map<string, CreditLimitChange[]>> {
  const changes = new Map<string, CreditLimitChange>();
  for await (const { _id, ...change } of db.collection<CreditLimitChange & { _id: string }>('credit_limits').find()) changes.set(_id, change);
  for (const news of pending) if (!isEntry(news)) changes.set(`${news.walletId}/${news.requestId}`, news);
  const inOrder = [...changes.values()].sort((one, other) => Number(one.number - other.number));
  return Map.groupBy(inOrder, ({ walletId }) => walletId);
}

/**
 * How far a balance can ever have gone below zero before this entry. A limit may be lowered under what was used already, so
 * that the limit of the moment proves nothing.
 */
export function lowestMicros(changes: readonly CreditLimitChange[], entry: bigint): bigint {
  return changes.reduce((lowest, { nextEntry, limitMicros }) => (nextEntry <= entry && -limitMicros < lowest ? -limitMicros : lowest), 0n);
}

/** What of a wallet's credit does not follow from its changes. */
export function creditFaults(wallet: Wallet, changes: readonly CreditLimitChange[]): string[] {
  const last = changes.at(-1)?.limitMicros ?? 0n;
  const freeMicros = wallet.balanceMicros - reservedMicros(wallet);
  const lowest = lowestMicros(changes, wallet.nextEntry);
  return [
    ...(changes.every(({ number }, index) => number === BigInt(index)) ? [] : ['a change of its credit limit is missing']),
    ...(BigInt(changes.length) === (wallet.credit?.changes ?? 0n) && last === creditLimitMicros(wallet) ? [] : [`its credit limit is ${creditLimitMicros(wallet)}, and was last set to ${last}`]),
    ...(freeMicros >= lowest ? [] : [`more is held than its balance and its highest credit limit, by ${lowest - freeMicros}`]),
  ];
}
