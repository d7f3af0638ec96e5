import { storeErrors } from '@parley/store';
import type { Db } from 'mongodb';
import type { CreditLimitChange } from '../domain/credit-limit.ts';
import { insertOnce } from './insert-once.ts';

interface ChangeDocument extends CreditLimitChange {
  /** `<wallet>/<request id>` */
  readonly _id: string;
}

/** Every change of a credit limit, under the request that asked for it. Inserted once and never changed. */
export interface CreditLimitRepository {
  insert(change: CreditLimitChange): Promise<void>;
  isKnown(walletId: string, requestId: string): Promise<boolean>;
}

export function createCreditLimitRepository(db: Db): CreditLimitRepository {
  const changes = db.collection<ChangeDocument>('credit_limits');
  return {
    insert: (change) => insertOnce<ChangeDocument>(changes, { _id: `${change.walletId}/${change.requestId}`, ...change }, 'number'),
    isKnown: async (walletId, requestId) => (await storeErrors(() => changes.findOne({ _id: `${walletId}/${requestId}` }))) !== null,
  };
}
