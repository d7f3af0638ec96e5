import { isParleyError, parleyError } from '@parley/errors';
import { storeErrors } from '@parley/store';
import type { Collection } from 'mongodb';

/**
 * A repeat inserts nothing new; another content under the same id (`field` tells) is a fault that must not pass for a repeat.
 * @throws ParleyError `ledger.conflict`
 */
export async function insertOnce<D extends { readonly _id: string }>(collection: Collection<D>, document: D, field: keyof D): Promise<void> {
  try {
    await storeErrors(() => (collection as unknown as Collection<{ _id: string }>).insertOne(document));
  } catch (error) {
    if (!isParleyError(error, 'store.duplicate')) throw error;
    const stored = await storeErrors(() => (collection as unknown as Collection<{ _id: string }>).findOne({ _id: document._id }));
    if ((stored as D | null)?.[field] !== document[field]) throw parleyError('ledger.conflict', `${document._id} is stored with another content`);
  }
}
