import { ensureIndexes, storeErrors } from '@parley/store';
import type { Db } from 'mongodb';

/** Which subscriptions each partition has been back-filled for: once is enough, and twice would deliver old events anew. */
export interface BackFillRepository {
  /** Ids of the partition's subscriptions. */
  ofPartition(partition: number): Promise<ReadonlySet<string>>;
  add(partition: number, subscriptionId: string): Promise<void>;
  removeSubscription(subscriptionId: string): Promise<void>;
}

interface BackFillDocument {
  /** `<partition>/<subscription>` */
  readonly _id: string;
  readonly partition: number;
  readonly subscriptionId: string;
}

export async function createBackFillRepository(db: Db): Promise<BackFillRepository> {
  const collection = db.collection<BackFillDocument>('webhook_back_fills');
  await ensureIndexes(db, [
    { collection: collection.collectionName, keys: { partition: 1 } },
    { collection: collection.collectionName, keys: { subscriptionId: 1 } },
  ]);
  return {
    ofPartition: (partition) =>
      storeErrors(async () => new Set((await collection.find({ partition }).toArray()).map((document) => document.subscriptionId))),
    add: (partition, subscriptionId) =>
      storeErrors(async () => {
        const _id = `${partition}/${subscriptionId}`;
        await collection.updateOne({ _id }, { $setOnInsert: { partition, subscriptionId } }, { upsert: true });
      }),
    removeSubscription: (subscriptionId) => storeErrors(async () => void (await collection.deleteMany({ subscriptionId }))),
  };
}
