import { createOutboxRepository, ensureIndexes } from '@parley/store';
import type { Db } from 'mongodb';
import type { AccountStore } from '../usecases/account-store.ts';
import type { AccountDocument, ChangeMessage } from './account-document.ts';
import { toDomain, toDraft } from './mapping.ts';

export interface AccountRepository extends AccountStore {
  /** Makes known what a crash left unpublished; its number. */
  publishPending(): Promise<number>;
}

const collectionName = 'accounts';

/** @param publish makes a change known; idempotent, and harmless when a later change was made known already. */
export async function createAccountRepository(db: Db, publish: (message: ChangeMessage) => Promise<void>): Promise<AccountRepository> {
  await ensureIndexes(db, [{ collection: collectionName, keys: { pending: 1 } }]);
  const repository = createOutboxRepository(db.collection<AccountDocument>(collectionName), { publish });
  return {
    find: async (accountId) => toDomain(accountId, await repository.find(accountId)),
    change: async (accountId, decide) => {
      await repository.mutate(accountId, async (document) => {
        const change = await decide(toDomain(accountId, document));
        return change === undefined ? undefined : toDraft(change);
      });
    },
    publishPending: () => repository.publishPending(),
  };
}
