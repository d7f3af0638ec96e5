import { parleyError } from '@parley/errors';
import { findChargeId, type ChargeRef } from './charge-ref.ts';
import type { ChargedRecord, ChargeRecord, ChargeStore } from './charge-store.ts';

/** @throws ParleyError `not_found.receipt`, also for another account's call and for one that is free or was not seen yet */
export function createGetReceipt(charges: ChargeStore): (accountId: string, call: ChargeRef) => Promise<ChargedRecord> {
  return async (accountId, call) => requireCharged(await charges.find(await findChargeId(charges, call)), accountId);
}

/** @throws ParleyError `not_found.receipt` */
export function requireCharged(record: ChargeRecord | undefined, accountId: string): ChargedRecord {
  const { charge } = record ?? {};
  if (record?.accountId !== accountId || (charge?.status !== 'open' && charge?.status !== 'settled')) {
    throw parleyError('not_found.receipt', 'no such call was charged');
  }
  return { ...record, charge };
}
