import { ensureIndexes, storeErrors } from '@parley/store';
import type { AnyBulkWriteOperation, Db } from 'mongodb';
import type { Delivery, PendingDelivery } from '../domain/delivery.ts';
import type { DeliveryDocument } from './delivery-document.ts';
import { toDelivery, toDocument, toPending } from './mapping.ts';

export type DeliveryWrite =
  /** Keeps a new one; one that is there already stays as it is. */
  | { readonly kind: 'put'; readonly delivery: Delivery }
  /** Of one that is there. */
  | { readonly kind: 'reschedule'; readonly id: string; readonly attempts: number; readonly notBefore: Date }
  /** It is over. */
  | { readonly kind: 'remove'; readonly id: string };

/** Deliveries that are pending, beyond what is made at once from memory. */
export interface DeliveryRepository {
  /**
   * @param writes no two for one delivery. What is put is put in order, so that of a lane nothing is there while what
   *   comes before it is not.
   * @returns how many were new
   */
  write(writes: readonly DeliveryWrite[]): Promise<number>;
  /** undefined: it was made, given up, or its subscription deleted. */
  find(id: string): Promise<Delivery | undefined>;
  /** The pending ones of a partition. */
  ofPartition(partition: number): Promise<PendingDelivery[]>;
  countOf(subscriptionId: string): Promise<number>;
  /** Of a partition: they hold what nobody may have any more. */
  removeSubscription(partition: number, subscriptionId: string): Promise<void>;
}

export async function createDeliveryRepository(db: Db): Promise<DeliveryRepository> {
  const pending = db.collection<DeliveryDocument>('webhook_deliveries');
  await ensureIndexes(db, [
    { collection: pending.collectionName, keys: { partition: 1 } },
    { collection: pending.collectionName, keys: { subscriptionId: 1 } },
  ]);
  return {
    write: (writes) =>
      storeErrors(async () => {
        if (writes.length === 0) return 0;
        // By kind, since the driver makes one command of neighbours of one kind.
        const ordered = (['put', 'reschedule', 'remove'] as const).flatMap((kind) => writes.filter((write) => write.kind === kind));
        const { upsertedCount } = await pending.bulkWrite(ordered.map(toOperation), { ordered: true });
        return upsertedCount;
      }),
    find: (id) =>
      storeErrors(async () => {
        const document = await pending.findOne({ _id: id });
        return document === null ? undefined : toDelivery(document);
      }),
    ofPartition: (partition) =>
      storeErrors(async () => (await pending.find({ partition }, { projection: { body: 0, traceparent: 0 } }).toArray()).map(toPending)),
    countOf: (subscriptionId) => storeErrors(() => pending.countDocuments({ subscriptionId })),
    removeSubscription: (partition, subscriptionId) => storeErrors(async () => void (await pending.deleteMany({ partition, subscriptionId }))),
  };
}

function toOperation(write: DeliveryWrite): AnyBulkWriteOperation<DeliveryDocument> {
  switch (write.kind) {
    case 'put': {
      const { _id, ...rest } = toDocument(write.delivery);
      return { updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true } };
    }
    case 'reschedule': {
      const { id, attempts, notBefore } = write;
      return { updateOne: { filter: { _id: id }, update: { $set: { attempts, notBefore } } } };
    }
    case 'remove':
      return { deleteOne: { filter: { _id: write.id } } };
  }
}
