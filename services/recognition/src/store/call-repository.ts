import { createOutboxRepository } from '@parley/store';
import type { Db } from 'mongodb';
import type { CallStore } from '../usecases/observation-store.ts';
import { toCallDocument, toCallRecord, type CallDocument } from './mapping.ts';

/** One document for each call: how far its own events were taken in. */
export function createCallRepository(db: Db): CallStore {
  const documents = createOutboxRepository<CallDocument, never>(db.collection<CallDocument>('calls'), { publish: () => Promise.resolve() });
  return {
    find: async (callId) => {
      const document = await documents.find(callId);
      return document && toCallRecord(document);
    },
    save: async (record) => {
      await documents.mutate(record.callId, (found) => ((found?.sequence ?? -1) >= record.sequence ? undefined : toCallDocument(record)));
    },
  };
}
