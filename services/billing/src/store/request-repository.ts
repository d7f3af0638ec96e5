import { parleyError } from '@parley/errors';
import { createOutboxRepository, type OutboxDocument } from '@parley/store';
import type { Db } from 'mongodb';
import type { RequestStore } from '../usecases/request-store.ts';
import { sha256 } from './sha256.ts';

/** `_id` is `<account>/<request id>`. */
interface RequestDocument extends OutboxDocument<never> {
  readonly fingerprint: string;
}

export function createRequestRepository(db: Db): RequestStore {
  const requests = createOutboxRepository<RequestDocument>(db.collection<RequestDocument>('requests'), { publish: async () => undefined });
  return {
    claim: async (accountId, requestId, content) => {
      const fingerprint = sha256(JSON.stringify(content));
      const { doc } = await requests.insert({ _id: `${accountId}/${requestId}`, fingerprint, outbox: [] });
      if (doc.fingerprint !== fingerprint) {
        throw parleyError('request.idempotency_conflict', 'the request id was used before with another body');
      }
    },
  };
}
