import { parleyError } from '@parley/errors';
import { absorbOwnInput } from '../domain/charge-inputs.ts';
import { releaseEffect } from './charge-posting.ts';
import type { ChargeStore } from './charge-store.ts';
import type { GrantCommand } from './granted-charge.ts';

/**
 * Gives back what is held for a call that came to nothing. Once there is video the grant ends with the settlement.
 * Again, or after the settlement, it does nothing.
 * @throws ParleyError `grant.not_found`, `call.wrong_state`
 */
export function createReleaseGrant(charges: ChargeStore): (command: GrantCommand) => Promise<void> {
  return async ({ callId, accountId, cause }) => {
    await charges.change(callId, async (record) => {
      if (record === undefined || record.accountId !== accountId || record.charge.status === 'free') {
        throw parleyError('grant.not_found', 'the call has no grant');
      }
      const { charge } = record;
      if (charge.status === 'authorized') {
        const closed = { ...charge, status: 'closed', reason: 'released' } as const;
        return { record: { ...record, charge: closed, lastCause: cause }, effects: [releaseEffect(charge, cause)] };
      }
      if (charge.status !== 'open') return undefined;
      if (charge.observed.videoParties.length > 0) throw parleyError('call.wrong_state', 'the call has video: its charge is settled when it completes');
      return { record: { ...record, charge: absorbOwnInput(charge, { type: 'grant_released' }) }, effects: [releaseEffect(charge, cause)] };
    });
  };
}
