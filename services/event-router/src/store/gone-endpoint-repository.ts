import { storeErrors } from '@parley/store';
import type { Db } from 'mongodb';

/**
 * Endpoints that answered 410: they want nothing more, until their subscription is changed. The subscription itself is
 * another service's, and stays as it is.
 */
export interface GoneEndpointRepository {
  /** By subscription id: the subscription's revision that was gone. */
  all(): Promise<ReadonlyMap<string, bigint>>;
  add(subscriptionId: string, revision: bigint, at: Date): Promise<void>;
  remove(subscriptionId: string): Promise<void>;
}

interface GoneEndpointDocument {
  readonly _id: string;
  /** Decimal. */
  readonly revision: string;
  readonly at: Date;
}

export function createGoneEndpointRepository(db: Db): GoneEndpointRepository {
  const collection = db.collection<GoneEndpointDocument>('webhook_gone_endpoints');
  return {
    all: () =>
      storeErrors(async () => new Map((await collection.find().toArray()).map(({ _id, revision }) => [_id, BigInt(revision)]))),
    add: (subscriptionId, revision, at) =>
      storeErrors(async () => {
        const gone = { revision: revision.toString(), at };
        await collection.updateOne({ _id: subscriptionId }, { $set: gone }, { upsert: true });
      }),
    remove: (subscriptionId) => storeErrors(async () => void (await collection.deleteOne({ _id: subscriptionId }))),
  };
}
