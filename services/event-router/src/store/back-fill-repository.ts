import { ensureIndexes, storeErrors } from '@parley/store';
import type { Db } from 'mongodb';

/**
 * Which subscriptions each partition has been back-filled for, and for which of their rewinds: once is enough, and twice
 * would deliver old events anew.
 */
export interface BackFillRepository {
  /** The last rewind, by id of the partition's subscriptions. */
  ofPartition(partition: number): Promise<ReadonlyMap<string, number>>;
  put(partition: number, subscriptionId: string, rewind: number): Promise<void>;
  remove(partition: number, subscriptionId: string): Promise<void>;
}

interface BackFillDocument {
  /** `<partition>/<subscription>` */
  readonly _id: string;
  readonly partition: number;
  readonly subscriptionId: string;
  readonly rewind?: number;
}

export async function createBackFillRepository(db: Db): Promise<BackFillRepository> {
  const collection = db.collection<BackFillDocument>('webhook_back_fills');
  await ensureIndexes(db, [{ collection: collection.collectionName, keys: { partition: 1 } }]);
  const idOf = (partition: number, subscriptionId: string) => `${partition}/${subscriptionId}`;
  return {
    ofPartition: (partition) =>
      storeErrors(async () => {
        const documents = await collection.find({ partition }).toArray();
        return new Map(documents.map(({ subscriptionId, rewind = 0 }) => [subscriptionId, rewind]));
      }),
    put: (partition, subscriptionId, rewind) =>
      storeErrors(async () => {
        const _id = idOf(partition, subscriptionId);
        await collection.updateOne({ _id }, { $set: { partition, subscriptionId, rewind } }, { upsert: true });
      }),
    remove: (partition, subscriptionId) => storeErrors(async () => void (await collection.deleteOne({ _id: idOf(partition, subscriptionId) }))),
  };
}
