import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '@parley/telemetry';
import type { Collection } from 'mongodb';
import type { OutboxDocument } from './outbox-document.ts';
import { isDuplicateKey, isUncertain } from './store-error.ts';

const log = logger('store');
const attempts = 5;

/** @returns the document that had the id already, or undefined once ours is in. */
export function insertOnce<M>(raw: Collection<OutboxDocument<M>>, doc: OutboxDocument<M>): Promise<OutboxDocument<M> | undefined> {
  return untilCertain(async () => {
    try {
      await raw.insertOne(doc);
      return undefined;
    } catch (error) {
      if (!isDuplicateKey(error)) {
        throw error;
      }
      const existing = await raw.findOne({ _id: doc._id });
      if (existing === null) {
        throw error; // a unique index other than _id: the caller has to know
      }
      return existing.writer === doc.writer ? undefined : existing;
    }
  });
}

/** Puts `doc` in the place of the revision before it. */
export function replaceOnce<M>(raw: Collection<OutboxDocument<M>>, doc: OutboxDocument<M>): Promise<'written' | 'conflict'> {
  const { _id, rev, writer, ...rest } = doc;
  return untilCertain(async () => {
    const result = await raw.replaceOne({ _id, rev: rev - 1 }, { rev, writer, ...rest });
    if (result.matchedCount === 1) {
      return 'written';
    }
    const now = await raw.findOne({ _id }, { projection: { writer: 1 } });
    return now?.writer === writer ? 'written' : 'conflict';
  });
}

/** Repeats a write of which it is not known whether it happened; the writer id tells it apart from somebody else's. */
async function untilCertain<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isUncertain(error) || attempt === attempts) {
        throw error;
      }
      log.warn({ err: error, attempt }, 'a write is tried again: it is not known whether it happened');
      await sleep(50 * 2 ** attempt);
    }
  }
}
