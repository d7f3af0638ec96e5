import { parleyError } from '@parley/errors';
import { calleeChargeId } from './charge-id.ts';
import type { Party, SettledCharge } from './charge.ts';
import type { TimedOrder } from './charge-correction.ts';
import { mostCorrections, type CorrectionOrder, type Dispute, type DisputeOutcome, type DisputeStep } from './correction.ts';

/** @throws ParleyError `not_found.dispute` */
export function requireDispute({ disputes = [] }: SettledCharge, disputeId: string): Dispute {
  const dispute = disputes.find((one) => one.disputeId === disputeId);
  if (dispute === undefined) throw parleyError('not_found.dispute', 'no such dispute');
  return dispute;
}

/**
 * One dispute of a call is open at a time.
 * @throws ParleyError `dispute.already_open`, `charge.too_many_corrections`
 */
export function openDispute(charge: SettledCharge, { order, atMs }: TimedOrder): SettledCharge {
  const { disputes = [] } = charge;
  if (disputes.some(({ resolved }) => resolved === undefined)) throw parleyError('dispute.already_open', 'a dispute of the call is open');
  if (disputes.length >= mostCorrections) throw parleyError('charge.too_many_corrections', `the charge was disputed ${mostCorrections} times`);
  return { ...charge, disputes: [...disputes, { disputeId: order.id, opened: stepOf(order, atMs) }] };
}

/**
 * Whether a dispute was resolved this way already.
 * @throws ParleyError `dispute.resolved` if it was resolved another way
 */
export function isResolvedSo({ resolved }: Dispute, { outcome, amountMicros }: DisputeOutcome): boolean {
  if (resolved === undefined) return false;
  if (resolved.outcome !== outcome || resolved.amountMicros !== amountMicros) throw parleyError('dispute.resolved', `the dispute was ${resolved.outcome}`);
  return true;
}

/** The charge with the dispute resolved; what is given back is a correction of its own. */
export function resolveDispute(charge: SettledCharge, outcome: DisputeOutcome, { order, atMs }: TimedOrder): SettledCharge {
  const resolved = { ...stepOf(order, atMs), ...outcome };
  const disputes = charge.disputes?.map((dispute) => (dispute.disputeId === order.id ? { ...dispute, resolved } : dispute));
  return { ...charge, ...(disputes && { disputes }) };
}

function stepOf({ actor, note }: CorrectionOrder, atMs: bigint): DisputeStep {
  return { atMs, actor, note };
}

const disputeIdForm = /^(CA[0-9a-f]{32})(-callee)?-[0-9a-f]{12}$/;

/** A function of charge and request: a repeat is the same dispute, and whoever has the id finds the charge by key. */
export function disputeIdOf(chargeId: string, requestDigest: string): string {
  return `${chargeId.replace('/', '-')}-${requestDigest.slice(0, 12)}`;
}

/** The charge that a dispute is about; undefined for what is no id of one. */
export function disputedCharge(disputeId: string): { readonly callId: string; readonly payer?: Party } | undefined {
  const [, callId, ofCallee] = disputeIdForm.exec(disputeId) ?? [];
  if (callId === undefined) return undefined;
  return ofCallee === undefined ? { callId } : { callId, payer: 'callee' };
}

/** The id of that charge. */
export function disputedChargeId(disputeId: string): string | undefined {
  const { callId, payer } = disputedCharge(disputeId) ?? {};
  return callId !== undefined && payer === 'callee' ? calleeChargeId(callId) : callId;
}
