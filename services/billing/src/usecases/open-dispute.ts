import type { Dispute } from '../domain/correction.ts';
import { disputeIdOf, openDispute, requireDispute } from '../domain/dispute.ts';
import { changeSettled, orderOf, type CorrectionPorts, type SettledCommand } from './change-settled.ts';
import { findChargeId } from './charge-ref.ts';
import type { SettledRecord } from './charge-store.ts';
import { requestDigest } from './request-digest.ts';

export interface OpenedDispute {
  readonly record: SettledRecord;
  readonly dispute: Dispute;
}

/**
 * Notes that what a settled call costs is disputed, once per request id. Nothing is booked until it is resolved.
 * @throws ParleyError `dispute.already_open`, `charge.too_many_corrections`, and those of `changeSettled`
 */
export function createOpenDispute(ports: CorrectionPorts): (command: SettledCommand) => Promise<OpenedDispute> {
  return async (command) => {
    const { accountId, requestId } = command;
    const disputeId = disputeIdOf(await findChargeId(ports.charges, command), requestDigest(accountId, requestId));
    const record = await changeSettled(ports, command, ['open_dispute'], async (before) => {
      const { charge } = before;
      if (charge.disputes?.some((dispute) => dispute.disputeId === disputeId)) return undefined;
      return { record: { ...before, charge: openDispute(charge, orderOf(command, disputeId)) }, effects: [] };
    });
    return { record, dispute: requireDispute(record.charge, disputeId) };
  };
}
