import { parleyError } from '@parley/errors';
import { calleeChargeId, hasTwoCharges } from '../domain/charge-id.ts';
import { absorbOwnInput } from '../domain/charge-inputs.ts';
import { releaseEffect } from './charge-posting.ts';
import type { ChargeChange, ChargeRecord, ChargeStore } from './charge-store.ts';
import type { GrantCommand } from './granted-charge.ts';

/**
 * Gives back what is held for a call that came to nothing. Once there is video the grant ends with the settlement.
 * Again, or after the settlement, it does nothing.
 * @throws ParleyError `grant.not_found`, `call.wrong_state`
 */
export function createReleaseGrant(charges: ChargeStore): (command: GrantCommand) => Promise<void> {
  return async (command) => {
    const first = await charges.change(command.callId, async (record) => release(record, command));
    if (first !== undefined && hasTwoCharges(first)) await charges.change(calleeChargeId(command.callId), async (record) => release(record, command));
  };
}

function release(record: ChargeRecord | undefined, { accountId, cause }: GrantCommand): ChargeChange | undefined {
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
}
