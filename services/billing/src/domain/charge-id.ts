import type { Charge, ChargeTerms, Party } from './charge.ts';
import { pricesOf } from './price.ts';

/** Whether each side pays for its view of the other: then the call has two charges, each with a wallet and events of its own. */
export function isMutual({ policy }: Pick<ChargeTerms, 'policy'>): boolean {
  return pricesOf(policy.terms).payer === 'each';
}

/** Whether the call of a charge has another one. */
export function hasTwoCharges({ charge }: { readonly charge: Charge | { readonly status: 'free' } }): boolean {
  return charge.status !== 'free' && isMutual(charge.terms);
}

/** The side whose events a charge's are, where there is another charge of the call. */
export function payerOfTwo(terms: ChargeTerms): Party | undefined {
  return isMutual(terms) ? terms.payer : undefined;
}

/** The charge of a call has the id of the call; the callee's, where each side pays, has this one. */
export function calleeChargeId(callId: string): string {
  return `${callId}/callee`;
}

export function chargeIdOf({ callId, charge }: { readonly callId: string; readonly charge: Charge | { readonly status: 'free' } }): string {
  return charge.status !== 'free' && payerOfTwo(charge.terms) === 'callee' ? calleeChargeId(callId) : callId;
}

export function callIdOf(chargeId: string): string {
  return chargeId.split('/')[0]!;
}
