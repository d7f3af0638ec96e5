import type { SettledCharge } from '../domain/charge.ts';
import type { Dispute } from '../domain/correction.ts';
import { disputeIdOf, openDispute, requireDispute } from '../domain/dispute.ts';
import { changeSettled, orderOf, type CorrectionPorts, type SettledCommand } from './change-settled.ts';
import { findChargeId } from './charge-ref.ts';
import type { DisputeEffect, SettledRecord } from './charge-store.ts';
import { requestDigest } from './request-digest.ts';

export interface OpenedDispute {
  readonly record: SettledRecord;
  readonly dispute: Dispute;
}

export const openDisputeContent = ['open_dispute'] as const;

/**
 * Notes that what a settled call costs is disputed, once per request id. Nothing is booked until it is resolved.
 * @throws ParleyError `dispute.already_open`, `charge.too_many_corrections`, and those of `changeSettled`
 */
export function createOpenDispute(ports: CorrectionPorts): (command: SettledCommand) => Promise<OpenedDispute> {
  return async (command) => {
    const { accountId, requestId } = command;
    const disputeId = disputeIdOf(await findChargeId(ports.charges, command), requestDigest(accountId, requestId));
    const record = await changeSettled(ports, command, openDisputeContent, async (before) => {
      const { charge } = before;
      if (charge.disputes?.some((dispute) => dispute.disputeId === disputeId)) return undefined;
      const opened = openDispute(charge, orderOf(command, disputeId));
      return { record: { ...before, charge: opened }, effects: [disputeEffect(opened, disputeId, requestId)] };
    });
    return { record, dispute: requireDispute(record.charge, disputeId) };
  };
}

/** Tells of a dispute as it is now. */
export function disputeEffect(charge: SettledCharge, disputeId: string, requestId: string): DisputeEffect {
  const { accountId, callId, terms } = charge;
  return { kind: 'dispute', accountId, callId, currency: terms.policy.terms.currency, dispute: requireDispute(charge, disputeId), requestId };
}
