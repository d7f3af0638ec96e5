import { storeErrors } from '@parley/store';
import type { Db } from 'mongodb';
import type { AttemptRecord } from '../domain/attempt.ts';
import { chunkCount, chunkSize, emptyLog, slotOf, type ChunkWrite, type LogEnd } from '../domain/attempt-log.ts';

/** The logs of attempts: one for each subscription in each partition, that partition's owner being its only writer. */
export interface AttemptRepository {
  /** Where a log goes on. */
  end(subscriptionId: string, partition: number): Promise<LogEnd>;
  write(writes: readonly LogWrite[]): Promise<void>;
  /** Of some partitions, in no order. */
  all(subscriptionId: string, partitions: readonly number[]): Promise<readonly PartitionLog[]>;
  removeSubscription(partition: number, subscriptionId: string): Promise<void>;
}

export interface LogWrite extends ChunkWrite {
  readonly subscriptionId: string;
  readonly partition: number;
}

export interface PartitionLog {
  readonly partition: number;
  readonly end: LogEnd;
  readonly attempts: readonly AttemptRecord[];
}

type KeptAttempt = Omit<AttemptRecord, 'subscriptionId'>;

interface ChunkDocument {
  /** `<subscription>/<partition>/<slot>`: everything goes by it. */
  readonly _id: string;
  readonly serial: number;
  readonly attempts: readonly KeptAttempt[];
}

const slots = Array.from({ length: chunkCount }, (_, slot) => slot);

export function createAttemptRepository(db: Db): AttemptRepository {
  const chunks = db.collection<ChunkDocument>('webhook_attempts');
  const idOf = (subscriptionId: string, partition: number, slot: number) => `${subscriptionId}/${partition}/${slot}`;
  // By id one by one: the embedded database looks up a single id only, and scans for several.
  const chunksOf = async (subscriptionId: string, partition: number) =>
    (await Promise.all(slots.map((slot) => chunks.findOne({ _id: idOf(subscriptionId, partition, slot) })))).filter((chunk) => chunk !== null);
  return {
    end: (subscriptionId, partition) => storeErrors(async () => endOf(await chunksOf(subscriptionId, partition))),
    write: (writes) =>
      storeErrors(async () => {
        const operations = writes.map(({ subscriptionId, partition, serial, isNew, attempts }) => {
          const _id = idOf(subscriptionId, partition, slotOf(serial));
          const kept = attempts.map(toKept);
          // Bounded whatever happens: a paused owner may have written where its successor went on.
          const update = isNew ? { $set: { serial, attempts: kept } } : { $push: { attempts: { $each: kept, $slice: -chunkSize } }, $set: { serial } };
          return { updateOne: { filter: { _id }, update, upsert: true } };
        });
        if (operations.length > 0) await chunks.bulkWrite(operations, { ordered: true });
      }),
    all: (subscriptionId, partitions) =>
      storeErrors(() =>
        Promise.all(
          partitions.map(async (partition) => {
            const found = await chunksOf(subscriptionId, partition);
            const attempts = found.flatMap((chunk) => chunk.attempts.map((attempt) => ({ subscriptionId, ...attempt })));
            return { partition, end: endOf(found), attempts };
          }),
        ),
      ),
    removeSubscription: (partition, subscriptionId) =>
      storeErrors(async () => {
        await chunks.bulkWrite(slots.map((slot) => ({ deleteOne: { filter: { _id: idOf(subscriptionId, partition, slot) } } })));
      }),
  };
}

/** Without what its key says. */
function toKept({ eventId, callId, number, outcome, status, code, timeMs, latencyMs, excerpt }: AttemptRecord): KeptAttempt {
  return { eventId, callId, number, outcome, status, code, timeMs, latencyMs, excerpt };
}

function endOf(found: readonly ChunkDocument[]): LogEnd {
  return found.reduce<LogEnd>((end, { serial, attempts }) => (serial >= end.serial ? { serial, size: attempts.length } : end), emptyLog);
}
