import { bucketTermsOf, isExpired } from '../domain/bucket.ts';
import { signedMicros, type LedgerEntry } from '../domain/ledger-entry.ts';
import type { Wallet } from '../domain/wallet.ts';

/** What the entries of a wallet have left in each part of its balance but the plain one; oldest first, none empty. */
export type BucketSums = Map<string, bigint>;

/** Takes an entry into the sums. @returns what of it cannot be. */
export function bookBucket(sums: BucketSums, entry: LedgerEntry): string[] {
  const { bucket, reason, atMs } = entry;
  if (bucket === undefined) return reason === 'expiry' ? ['nothing expires in the plain part of a balance'] : [];
  const restMicros = (sums.get(bucket) ?? 0n) + signedMicros(entry);
  sums.delete(bucket);
  if (restMicros !== 0n) sums.set(bucket, restMicros);
  return [
    ...(restMicros >= 0n ? [] : [`more is taken from ${bucket} than there is, by ${-restMicros}`]),
    ...(reason !== 'expiry' || isExpired(bucketTermsOf(bucket), atMs) ? [] : [`${bucket} had not expired`]),
  ];
}

/** What of a wallet's parts does not follow from its entries. */
export function bucketFaults({ buckets = [] }: Wallet, sums: BucketSums): string[] {
  const kept = buckets.map(({ name, restMicros }) => `${name}: ${restMicros}`).join(', ');
  const told = [...sums].map(([name, restMicros]) => `${name}: ${restMicros}`).join(', ');
  return kept === told ? [] : [`its parts are ${kept || 'none'}, and by its entries ${told || 'none'}`];
}
