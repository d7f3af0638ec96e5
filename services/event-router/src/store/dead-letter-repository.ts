import { ensureIndexes, storeErrors } from '@parley/store';
import type { Db, Filter } from 'mongodb';
import type { DeadLetter } from '../domain/delivery.ts';
import type { DeadLetterDocument } from './delivery-document.ts';
import { toDeadLetter, toDeadLetterDocument } from './mapping.ts';

/** A place in the list of an account's dead letters. */
export interface DeadLetterKey {
  readonly diedAt: Date;
  readonly id: string;
}

export interface DeadLetterQuery {
  readonly accountId: string;
  /** undefined: of all. */
  readonly subscriptionId?: string | undefined;
  /** Those that died then or later. */
  readonly since?: Date | undefined;
  readonly after?: DeadLetterKey | undefined;
  readonly limit: number;
}

/** What a list shows of a dead letter: all but what would be sent. */
export type ListedDeadLetter = Omit<DeadLetter, 'body' | 'traceparent'>;

/** Deliveries that were given up, kept for people to look at, and to be made again when they ask for it. */
export interface DeadLetterRepository {
  /** One that is there already stays as it is. */
  add(letter: DeadLetter): Promise<void>;
  find(accountId: string, id: string): Promise<DeadLetter | undefined>;
  /** The oldest first. */
  list(query: DeadLetterQuery): Promise<ListedDeadLetter[]>;
  remove(id: string): Promise<void>;
  countOf(subscriptionId: string): Promise<number>;
  /** Ids of a partition's, of events behind a stream sequence. */
  idsBehind(partition: number, stream: string, streamSequence: number): Promise<string[]>;
  removeSubscription(partition: number, subscriptionId: string): Promise<void>;
}

export async function createDeadLetterRepository(db: Db): Promise<DeadLetterRepository> {
  const dead = db.collection<DeadLetterDocument>('webhook_dead_letters');
  await ensureIndexes(db, [
    { collection: dead.collectionName, keys: { subscriptionId: 1, diedAt: 1 } },
    { collection: dead.collectionName, keys: { accountId: 1, diedAt: 1 } },
    { collection: dead.collectionName, keys: { partition: 1, stream: 1, streamSequence: 1 } },
  ]);
  return {
    add: (letter) =>
      storeErrors(async () => {
        const { _id, ...rest } = toDeadLetterDocument(letter);
        await dead.updateOne({ _id }, { $setOnInsert: rest }, { upsert: true });
      }),
    find: (accountId, id) =>
      storeErrors(async () => {
        const document = await dead.findOne({ _id: id });
        return document === null || document.accountId !== accountId ? undefined : toDeadLetter(document);
      }),
    list: (query) =>
      storeErrors(async () => {
        const found = dead.find(filterOf(query), { projection: { body: 0, traceparent: 0 } }).sort({ diedAt: 1, _id: 1 });
        return (await found.limit(query.limit).toArray()).map(toDeadLetter);
      }),
    remove: (id) => storeErrors(async () => void (await dead.deleteOne({ _id: id }))),
    countOf: (subscriptionId) => storeErrors(() => dead.countDocuments({ subscriptionId })),
    idsBehind: (partition, stream, streamSequence) =>
      storeErrors(async () => {
        const behind = { partition, stream, streamSequence: { $gt: streamSequence } };
        return (await dead.find(behind, { projection: { _id: 1 } }).toArray()).map((document) => document._id);
      }),
    removeSubscription: (partition, subscriptionId) => storeErrors(async () => void (await dead.deleteMany({ partition, subscriptionId }))),
  };
}

function filterOf({ accountId, subscriptionId, since, after }: DeadLetterQuery): Filter<DeadLetterDocument> {
  return {
    accountId,
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(since === undefined ? {} : { diedAt: { $gte: since } }),
    ...(after === undefined ? {} : { $or: [{ diedAt: { $gt: after.diedAt } }, { diedAt: after.diedAt, _id: { $gt: after.id } }] }),
  };
}
