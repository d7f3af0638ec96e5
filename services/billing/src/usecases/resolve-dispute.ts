import { parleyError } from '@parley/errors';
import type { Money } from '@parley/money';
import { giveBack } from '../domain/charge-correction.ts';
import type { DisputeOutcome } from '../domain/correction.ts';
import { disputedCharge, isResolvedSo, requireDispute, resolveDispute } from '../domain/dispute.ts';
import { changeSettled, corrected, madeCorrection, orderOf, type CorrectionPorts, type MadeCorrection, type SettledCommand } from './change-settled.ts';
import { findChargeId, type ChargeRef } from './charge-ref.ts';
import type { ChargeChange, SettledRecord } from './charge-store.ts';
import { disputeEffect, type OpenedDispute } from './open-dispute.ts';
import { requirePositive, requireRefundable } from './refund-charge.ts';

export interface ResolveDisputeCommand extends Omit<SettledCommand, keyof ChargeRef> {
  readonly disputeId: string;
  /** What is given back; undefined: it is rejected. */
  readonly accepted: Money | undefined;
}

export interface ResolvedDispute extends OpenedDispute {
  /** Undefined: it was rejected. */
  readonly made: MadeCorrection | undefined;
}

/**
 * Ends a dispute, once. Resolved the same way again it is the same resolution, whatever the request.
 * @throws ParleyError `not_found.dispute`, `dispute.resolved` if it was resolved another way, `request.idempotency_conflict`,
 *   and those of a refund
 */
export function createResolveDispute(ports: CorrectionPorts): (command: ResolveDisputeCommand) => Promise<ResolvedDispute> {
  return async (command) => {
    const { disputeId, accepted, accountId } = command;
    const disputed = disputedCharge(disputeId);
    if (disputed === undefined) throw parleyError('not_found.dispute', 'no such dispute');
    if (accepted !== undefined) requirePositive(accepted.micros);
    await requireOwnDispute(ports, accountId, disputed, disputeId);
    const record = await changeSettled(ports, { ...command, ...disputed }, resolveDisputeContent(disputeId, accepted), (before) => resolve(ports, before, { ...command, ...disputed }));
    const dispute = requireDispute(record.charge, disputeId);
    return { record, dispute, made: accepted && (await madeCorrection(ports.wallets, record, 'dispute', disputeId)) };
  };
}

export function resolveDisputeContent(disputeId: string, accepted: Money | undefined): readonly string[] {
  return ['resolve_dispute', disputeId, ...(accepted === undefined ? ['rejected'] : ['accepted', accepted.currency, accepted.micros.toString()])];
}

/** What is not there takes no request id; a dispute of another account's call is not there. */
async function requireOwnDispute({ charges }: CorrectionPorts, accountId: string, disputed: ChargeRef, disputeId: string): Promise<void> {
  const record = await charges.find(await findChargeId(charges, disputed));
  if (record?.accountId !== accountId || record.charge.status !== 'settled') throw parleyError('not_found.dispute', 'no such dispute');
  requireDispute(record.charge, disputeId);
}

async function resolve({ wallets }: CorrectionPorts, before: SettledRecord, command: ResolveDisputeCommand & SettledCommand): Promise<ChargeChange | undefined> {
  const { charge } = before;
  const { accepted, disputeId, requestId } = command;
  const outcome: DisputeOutcome = accepted === undefined ? { outcome: 'rejected', amountMicros: 0n } : { outcome: 'accepted', amountMicros: accepted.micros };
  if (isResolvedSo(requireDispute(charge, disputeId), outcome)) return undefined;
  const order = orderOf(command, disputeId);
  const resolved = { ...before, charge: resolveDispute(charge, outcome, order) };
  const told = disputeEffect(resolved.charge, disputeId, requestId);
  if (accepted === undefined) return { record: resolved, effects: [told] };
  await requireRefundable(wallets, before, accepted);
  const change = corrected(resolved, giveBack(charge, 'dispute', accepted.micros, order), command);
  // What is given back comes first: who finds that told, and the dispute open, knows that it was accepted.
  return { ...change, effects: [...change.effects, told] };
}
