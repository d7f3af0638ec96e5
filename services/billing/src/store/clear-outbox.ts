import { storeErrors, type OutboxDocument } from '@parley/store';
import type { Collection } from 'mongodb';

/**
 * Clears the outbox of a document whose changes are all published, where no next write would: else the next start of a
 * service would publish it once more. Without a new rev, since it is no change; if there was one, it does nothing.
 */
export async function clearOutbox<D extends OutboxDocument<unknown>>(collection: Collection<D>, { _id, rev, pending }: OutboxDocument<unknown>): Promise<void> {
  if (!pending) return;
  const raw = collection as unknown as Collection<OutboxDocument<unknown>>;
  await storeErrors(() => raw.updateOne({ _id, rev }, { $set: { pending: false, outbox: [] } }));
}
