import { ensureIndexes, storeErrors } from '@parley/store';
import type { Db } from 'mongodb';
import type { Delivery, PendingDelivery } from '../domain/delivery.ts';
import type { DeadLetterDocument, DeliveryDocument } from './delivery-document.ts';
import { toDelivery, toDocument, toPending } from './mapping.ts';

/** Deliveries that are pending, and those that were given up. */
export interface DeliveryRepository {
  /** Keeps new ones; one that is there already stays as it is. */
  insert(deliveries: readonly Delivery[]): Promise<void>;
  /** undefined: it was made, given up, or its subscription deleted. */
  find(id: string): Promise<Delivery | undefined>;
  /** The pending ones of a partition. */
  ofPartition(partition: number): Promise<PendingDelivery[]>;
  /** It was made. */
  remove(id: string): Promise<void>;
  reschedule(id: string, attempts: number, notBefore: Date): Promise<void>;
  /** It is given up, and kept for people to look at. */
  bury(delivery: Delivery, reason: string, diedAt: Date): Promise<void>;
  /** Pending and dead ones: they hold what nobody may have any more. */
  removeSubscription(subscriptionId: string): Promise<void>;
}

export async function createDeliveryRepository(db: Db): Promise<DeliveryRepository> {
  const pending = db.collection<DeliveryDocument>('webhook_deliveries');
  const dead = db.collection<DeadLetterDocument>('webhook_dead_letters');
  await ensureIndexes(db, [
    { collection: pending.collectionName, keys: { partition: 1 } },
    { collection: pending.collectionName, keys: { subscriptionId: 1 } },
    { collection: dead.collectionName, keys: { subscriptionId: 1, diedAt: 1 } },
  ]);
  return {
    insert: (deliveries) =>
      storeErrors(async () => {
        const writes = deliveries.map(toDocument).map(({ _id, ...rest }) => ({
          updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
        }));
        await pending.bulkWrite(writes, { ordered: false });
      }),
    find: (id) =>
      storeErrors(async () => {
        const document = await pending.findOne({ _id: id });
        return document === null ? undefined : toDelivery(document);
      }),
    ofPartition: (partition) =>
      storeErrors(async () => (await pending.find({ partition }, { projection: { body: 0, traceparent: 0 } }).toArray()).map(toPending)),
    remove: (id) => storeErrors(async () => void (await pending.deleteOne({ _id: id }))),
    reschedule: (id, attempts, notBefore) =>
      storeErrors(async () => void (await pending.updateOne({ _id: id }, { $set: { attempts, notBefore } }))),
    bury: (delivery, reason, diedAt) =>
      storeErrors(async () => {
        const { _id, ...rest } = toDocument(delivery);
        // The grave first: a crash in between repeats it, and loses nothing.
        await dead.updateOne({ _id }, { $setOnInsert: { ...rest, reason, diedAt } }, { upsert: true });
        await pending.deleteOne({ _id });
      }),
    removeSubscription: (subscriptionId) =>
      storeErrors(async () => {
        await pending.deleteMany({ subscriptionId });
        await dead.deleteMany({ subscriptionId });
      }),
  };
}
