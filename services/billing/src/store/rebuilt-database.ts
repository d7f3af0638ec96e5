import { randomUUID } from 'node:crypto';
import { isParleyError, parleyError } from '@parley/errors';
import { storeErrors } from '@parley/store';
import type { Db, Document } from 'mongodb';
import type { Wallet } from '../domain/wallet.ts';
import type { ChargeChange } from '../usecases/charge-store.ts';
import { toDraft } from './charge-repository.ts';
import type { StoredVersion } from './policy-repository.ts';
import { toDocument } from './wallet-repository.ts';

/** While it is there, the database is not whole: no service works on it, and the rebuild may go on. */
const marker = { collection: 'rebuilds', _id: 'rebuild' } as const;

export interface RebuiltPolicy {
  readonly accountId: string;
  readonly policyId: string;
  readonly versions: readonly StoredVersion[];
}

/** What a call was charged when the database was rebuilt, and the host's share of it. */
export interface ForgottenCharge {
  readonly chargedMicros: bigint;
  /** Absent in databases that were rebuilt before there were shares. */
  readonly hostMicros?: bigint;
}

/** Writes whole documents, as their repositories left them; each may be written again. */
export interface RebuiltDatabase {
  /** @throws ParleyError `rebuild.not_empty` unless the database is empty, or a rebuild ended in the middle of it. */
  begin(): Promise<void>;
  putWallet(wallet: Wallet): Promise<void>;
  putPolicy(policy: RebuiltPolicy): Promise<void>;
  /** @param rev how often it was set before: the ids of what is told of it count on. */
  putDefaultPolicy(accountId: string, policyId: string | undefined, rev: number): Promise<void>;
  putCharge(change: ChargeChange): Promise<void>;
  /** A charge of which only its entries are known. @param key see `chargeKeyOf` @param sums of these */
  putForgottenCharge(key: string, sums: ForgottenCharge): Promise<void>;
  end(): Promise<void>;
}

export function createRebuiltDatabase(db: Db): RebuiltDatabase {
  const put = async (name: string, _id: string, document: Document): Promise<void> => {
    await storeErrors(() => db.collection<{ _id: string }>(name).updateOne({ _id }, { $set: document }, { upsert: true }));
  };
  const putOutboxed = (name: string, _id: string, document: Document, rev = 0, outbox: readonly unknown[] = []) =>
    put(name, _id, { ...document, rev, writer: randomUUID(), outbox, pending: outbox.length > 0 });
  const rebuilds = db.collection<{ _id: string }>(marker.collection);
  return {
    begin: async () => {
      if (await isBeingRebuilt(db)) return;
      for (const { name } of await storeErrors(() => db.listCollections().toArray())) {
        if ((await storeErrors(() => db.collection(name).findOne({}))) !== null) throw parleyError('rebuild.not_empty', `the database is not empty: there is something in ${name}`);
      }
      await storeErrors(() => rebuilds.insertOne({ _id: marker._id })).catch((error: unknown) => {
        if (!isParleyError(error, 'store.duplicate')) throw error;
      });
    },
    putWallet: (wallet) => {
      const { _id, ...document } = toDocument(wallet);
      return putOutboxed('wallets', _id, document);
    },
    putPolicy: ({ accountId, policyId, versions }) => putOutboxed('policies', `${accountId}/${policyId}`, { policyId, versions }, versions.length - 1),
    putDefaultPolicy: (accountId, defaultPolicyId, rev) => putOutboxed('accounts', accountId, { defaultPolicyId }, rev),
    putCharge: (change) => {
      const { _id, outbox, ...document } = toDraft(change);
      return putOutboxed('charges', _id, document, 0, outbox);
    },
    putForgottenCharge: (key, sums) => put('forgotten_charges', key, sums),
    end: async () => {
      await storeErrors(() => rebuilds.deleteOne({ _id: marker._id }));
    },
  };
}

async function isBeingRebuilt(db: Db): Promise<boolean> {
  return (await storeErrors(() => db.collection<{ _id: string }>(marker.collection).findOne({ _id: marker._id }))) !== null;
}

/** @throws ParleyError `rebuild.unfinished` for a database in the middle of whose rebuild something stopped. */
export async function requireWhole(db: Db): Promise<void> {
  if (await isBeingRebuilt(db)) throw parleyError('rebuild.unfinished', 'the rebuild of the database did not come to its end; start it again');
}
