import { parleyError } from '@parley/errors';
import type { ChargedRecord, ChargeStore } from './charge-store.ts';

/** @throws ParleyError `not_found.receipt`, also for another account's call and for one that is free or was not seen yet */
export function createGetReceipt(charges: ChargeStore): (accountId: string, callId: string) => Promise<ChargedRecord> {
  return async (accountId, callId) => {
    const record = await charges.find(callId);
    const { charge } = record ?? {};
    if (record?.accountId !== accountId || (charge?.status !== 'open' && charge?.status !== 'settled')) {
      throw parleyError('not_found.receipt', 'no such call was charged');
    }
    return { ...record, charge };
  };
}
