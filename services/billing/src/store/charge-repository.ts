import { partitionOf } from '@parley/bus';
import { createOutboxRepository, storeErrors, type Draft, type OutboxDocument } from '@parley/store';
import type { Db, FindCursor } from 'mongodb';
import { callIdOf, chargeIdOf } from '../domain/charge-id.ts';
import { isOwing } from '../usecases/collect-late.ts';
import type { ChargeChange, ChargeEffect, ChargeRecord, ChargeStore, RunEffect } from '../usecases/charge-store.ts';

/** All that billing does for a call is one lookup by key away, or where each side pays two. */
interface ChargeDocument extends OutboxDocument<ChargeEffect>, Omit<ChargeRecord, 'callId'> {
  readonly partition: number;
  /** Something has to come yet. With `partition` this is read when a partition is taken over, and indexed. */
  readonly isOpen: boolean;
  /** Its wallet is asked again now and then. Indexed; documents of before it are without, until they are changed. */
  readonly isOwing?: boolean;
}

export function createChargeRepository(db: Db, runEffect: RunEffect): ChargeStore {
  const collection = db.collection<ChargeDocument>('charges');
  const repository = createOutboxRepository<ChargeDocument>(collection, { publish: runEffect });
  return {
    find: async (chargeId) => toRecord(await repository.find(chargeId)),
    change: async (chargeId, decide) => {
      const after = await repository.mutate(chargeId, async (before) => {
        const change = await decide(toRecord(before));
        return change && toDraft(change);
      });
      return toRecord(after);
    },
    openOf: (partitions) =>
      storeErrors(async () => {
        const found = await collection.find({ partition: { $in: [...partitions] }, isOpen: true }).toArray();
        return found.map((document) => toRecord(document as ChargeDocument)!);
      }),
    owing: async function* () {
      for await (const { _id } of collection.find({ isOwing: true }).project<{ _id: string }>({ _id: 1 })) yield _id;
    },
    ofAccount: (accountId) => mapped(collection.find({ accountId }).sort({ _id: 1 })),
    countOf: (accountId) => storeErrors(() => collection.countDocuments({ accountId })),
    runLeftEffects: async (partitions) => {
      await repository.publishPending({ partition: { $in: [...partitions] } });
    },
  };
}

async function* mapped(cursor: FindCursor<unknown>): AsyncGenerator<ChargeRecord> {
  for (;;) {
    const document = await storeErrors(() => cursor.next());
    if (document === null) return;
    yield toRecord(document as ChargeDocument)!;
  }
}

function toRecord(document: ChargeDocument | undefined): ChargeRecord | undefined {
  if (document === undefined) return undefined;
  const { _id, rev: _rev, writer: _writer, pending: _pending, outbox: _outbox, partition: _partition, isOpen: _isOpen, isOwing: _isOwing, ...record } = document;
  return { ...record, callId: callIdOf(_id), attributes: record.attributes };
}

/** As a change is written. */
export function toDraft({ record, effects }: ChargeChange): Draft<ChargeDocument> {
  const { callId, ...kept } = record;
  const { status } = record.charge;
  const isOpen = status === 'authorized' || status === 'open';
  return { _id: chargeIdOf(record), ...kept, partition: partitionOf(callId), isOpen, isOwing: isOwing(record), outbox: effects };
}
