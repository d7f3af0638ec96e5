import { ensureIndexes, storeErrors } from '@parley/store';
import type { Db } from 'mongodb';
import type { LaneGap } from '../domain/delivery.ts';

/** What lanes' receivers were not given and have not been told of. */
export interface GapRepository {
  /** By lane. */
  ofPartition(partition: number): Promise<ReadonlyMap<string, LaneGap>>;
  put(lane: LaneKey, gap: LaneGap): Promise<void>;
  /** Its receiver was told. */
  remove(lane: string): Promise<void>;
  removeSubscription(partition: number, subscriptionId: string): Promise<void>;
}

export interface LaneKey {
  readonly lane: string;
  readonly partition: number;
  readonly subscriptionId: string;
}

interface GapDocument extends LaneGap {
  /** The lane: `<subscription>/<call>`. */
  readonly _id: string;
  readonly partition: number;
  readonly subscriptionId: string;
}

export async function createGapRepository(db: Db): Promise<GapRepository> {
  const gaps = db.collection<GapDocument>('webhook_gaps');
  await ensureIndexes(db, [{ collection: gaps.collectionName, keys: { partition: 1 } }]);
  return {
    ofPartition: (partition) =>
      storeErrors(async () => new Map((await gaps.find({ partition }).toArray()).map(({ _id, eventIds, count }) => [_id, { eventIds, count }]))),
    put: ({ lane, partition, subscriptionId }, { eventIds, count }) =>
      storeErrors(async () => {
        await gaps.updateOne({ _id: lane }, { $set: { partition, subscriptionId, eventIds: [...eventIds], count } }, { upsert: true });
      }),
    remove: (lane) => storeErrors(async () => void (await gaps.deleteOne({ _id: lane }))),
    removeSubscription: (partition, subscriptionId) => storeErrors(async () => void (await gaps.deleteMany({ partition, subscriptionId }))),
  };
}
