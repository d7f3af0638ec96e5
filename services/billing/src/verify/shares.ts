import type { Db } from 'mongodb';
import { callIdOf } from '../domain/charge-id.ts';
import { hostAccountOf, hostOf, hostPermilleOf, shareFaults, sharesOf, type HostShare, type Split } from '../domain/host-share.ts';
import { chargedMicrosOf, chargeKeyOf, type LedgerEntry } from '../domain/ledger-entry.ts';
import type { ChargeRecord } from '../usecases/charge-store.ts';

/** By `chargeKeyOf`, to whom what of its cost goes; undefined: to nobody. */
export type Splits = ReadonlyMap<string, Omit<Split, 'costMicros'> | undefined>;

/** Of all charges, as their own policies say. */
export async function readSplits(db: Db): Promise<Splits> {
  const splits = new Map<string, Omit<Split, 'costMicros'> | undefined>();
  for await (const { _id, ...record } of db.collection<ChargeDocument>('charges').find()) {
    const { charge } = record;
    if (charge.status !== 'free') splits.set(chargeKeyOf({ callId: callIdOf(_id), walletId: charge.terms.walletId }), splitOf(record));
  }
  return splits;
}

type ChargeDocument = Omit<ChargeRecord, 'callId'> & { readonly _id: string };

function splitOf({ accountId, charge, attributes }: Omit<ChargeDocument, '_id'>): Omit<Split, 'costMicros'> | undefined {
  if (charge.status === 'free' || attributes === undefined) return undefined;
  const { payer, policy } = charge.terms;
  const permille = hostPermilleOf(policy.terms);
  return permille === 0 ? undefined : { account: hostAccountOf(accountId, hostOf(attributes, payer)), permille };
}

/**
 * What of an entry's share does not follow. Of a call that is known no longer, its share can be anything between nothing and the amount.
 * @param costMicros what the call cost by the entries before it
 */
export function entryShareFaults(entry: LedgerEntry, splits: Splits, costMicros: bigint): string[] {
  const key = chargeKeyOf(entry);
  if (!splits.has(key)) return shareFaults(entry);
  const split = splits.get(key);
  const [due] = split === undefined ? [] : sharesOf({ ...split, costMicros }, [chargedMicrosOf(entry)]);
  const [booked, expected] = [inWords(entry.share), inWords(due)];
  return booked === expected ? [] : [`its share is ${booked}, and should be ${expected}`];
}

function inWords(share: HostShare | undefined): string {
  return share === undefined ? 'nothing' : `${share.amountMicros} for ${share.account}`;
}
