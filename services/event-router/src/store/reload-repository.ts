import { randomUUID } from 'node:crypto';
import { storeErrors } from '@parley/store';
import type { Db } from 'mongodb';

/**
 * Partitions in which somebody has put deliveries that the owner does not know of. It looks here now and then; a
 * replica that takes the partition over reads all that is pending anyway.
 */
export interface ReloadRepository {
  request(partition: number): Promise<void>;
  /** Few, and mostly none. */
  all(): Promise<readonly ReloadRequest[]>;
  /** It was done, unless it was asked for once more meanwhile. */
  done(request: ReloadRequest): Promise<void>;
}

export interface ReloadRequest {
  readonly partition: number;
  readonly token: string;
}

interface ReloadDocument {
  /** The partition. */
  readonly _id: number;
  readonly token: string;
}

export function createReloadRepository(db: Db): ReloadRepository {
  const requests = db.collection<ReloadDocument>('webhook_reloads');
  return {
    request: (partition) => storeErrors(async () => void (await requests.updateOne({ _id: partition }, { $set: { token: randomUUID() } }, { upsert: true }))),
    all: () => storeErrors(async () => (await requests.find().toArray()).map(({ _id, token }) => ({ partition: _id, token }))),
    done: ({ partition, token }) => storeErrors(async () => void (await requests.deleteOne({ _id: partition, token }))),
  };
}
