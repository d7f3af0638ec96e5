import { calleeChargeId, hasTwoCharges } from '../domain/charge-id.ts';
import type { Party } from '../domain/charge.ts';
import type { ChargeStore } from './charge-store.ts';

/** Which charge of a call is meant. */
export interface ChargeRef {
  readonly callId: string;
  /** Where each side pays, whose; absent: the caller's. Elsewhere it says nothing. */
  readonly payer?: Party | undefined;
}

/** The id under which the charge is, if it is at all. */
export async function findChargeId(charges: ChargeStore, { callId, payer }: ChargeRef): Promise<string> {
  if (payer !== 'callee') return callId;
  const first = await charges.find(callId);
  return first !== undefined && hasTwoCharges(first) ? calleeChargeId(callId) : callId;
}
