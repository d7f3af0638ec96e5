import { storeErrors } from '@parley/store';
import type { Db } from 'mongodb';
import { entryIdOf, partKeyOf, type LedgerEntry } from '../domain/wallet.ts';
import { insertOnce } from './insert-once.ts';

interface EntryDocument extends LedgerEntry {
  /** `<wallet>/<number>`, zero-padded so that it sorts. */
  readonly _id: string;
}

interface KeyDocument {
  /** `<wallet>/<key>` */
  readonly _id: string;
  readonly number: bigint;
}

/** Entries and the keys by which a command is known again. Both are inserted once and never changed. */
export interface LedgerRepository {
  insert(entry: LedgerEntry): Promise<void>;
  /** The entries of one posting, the first under the key itself; none, if it is not known. */
  findPosting(walletId: string, key: string): Promise<LedgerEntry[]>;
  /** The entries of these numbers that are there, ascending. */
  read(walletId: string, numbers: readonly bigint[]): Promise<LedgerEntry[]>;
}

/** Everything goes by `_id`: no other index is needed, and the embedded database has no other that is fast. */
export function createLedgerRepository(db: Db): LedgerRepository {
  const entries = db.collection<EntryDocument>('ledger_entries');
  const keys = db.collection<KeyDocument>('ledger_keys');
  const find = async (_id: string): Promise<LedgerEntry[]> => {
    const found = await storeErrors(() => entries.findOne({ _id }));
    if (found === null) return [];
    const { _id: _, ...entry } = found;
    return [entry];
  };
  const findByKey = async (walletId: string, key: string): Promise<LedgerEntry[]> => {
    const known = await storeErrors(() => keys.findOne({ _id: `${walletId}/${key}` }));
    return known === null ? [] : find(entryIdOf({ walletId, number: known.number }));
  };
  return {
    insert: async (entry) => {
      // The entry first: a key must never lead to an entry that is not there.
      await insertOnce<EntryDocument>(entries, { _id: entryIdOf(entry), ...entry }, 'hash');
      await insertOnce<KeyDocument>(keys, { _id: `${entry.walletId}/${entry.key}`, number: entry.number }, 'number');
    },
    findPosting: async (walletId, key) => {
      const parts: LedgerEntry[] = [];
      for (;;) {
        const [part] = await findByKey(walletId, partKeyOf(key, parts.length));
        if (part === undefined) return parts;
        parts.push(part);
      }
    },
    read: async (walletId, numbers) => (await Promise.all(numbers.map((number) => find(entryIdOf({ walletId, number }))))).flat(),
  };
}
