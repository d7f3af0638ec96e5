import { parleyError } from '@parley/errors';
import { payerOfTwo } from '../domain/charge-id.ts';
import { decideAt, evolve, heldSteps } from '../domain/charge-decision.ts';
import { absorbOwnInput, type LiveCharge } from '../domain/charge-inputs.ts';
import type { BillingFact, Charge, OpenCharge, SettledCharge } from '../domain/charge.ts';
import type { HoldRequest } from '../domain/wallet.ts';
import { postingOf, releaseAfter, releaseEffect, splitPosting } from './charge-posting.ts';
import type { Cause, ChargeChange, ChargeEffect, ChargeRecord } from './charge-store.ts';
import type { CorrectionHold } from './correction-hold.ts';
import type { WalletStore } from './wallet-store.ts';

/**
 * Asks the wallet for what is decided and lies beyond the grant. A repeat, after a crash or because somebody else
 * changed the charge meanwhile, asks for the same and gets the same.
 */
export async function coverHeld(wallets: WalletStore, charge: OpenCharge, { atMs }: Pick<Cause, 'atMs'>): Promise<LiveCharge> {
  const steps = heldSteps(charge);
  if (steps.length === 0) return charge;
  return askWallet(wallets, charge, { steps, postedMicros: charge.published.chargedMicros, atMs });
}

/**
 * The same for late reactions of a settled call. They are held for as other corrections are: what is held for the call itself
 * would be taken for a hold of a call that is over, and given to another one.
 */
export async function coverLate(hold: CorrectionHold, charge: SettledCharge): Promise<SettledCharge> {
  const [step] = heldSteps(charge);
  if (step === undefined) return charge;
  const { isShort, availableMicros } = await hold.ask(charge, step.coverMicros - charge.published.chargedMicros);
  return absorbOwnInput(charge, isShort ? { type: 'grant_refused', grantedMs: 0n, availableMicros } : { type: 'grant_extended', grantedMs: step.untilMs, availableMicros });
}

/** The charge with what the wallet answers. */
export async function askWallet(wallets: WalletStore, charge: LiveCharge, request: Omit<HoldRequest, 'callId' | 'currency'>): Promise<LiveCharge> {
  const { callId, accountId, terms: { walletId, policy } } = charge;
  const answer = await wallets.hold({ walletId, accountId }, { callId, currency: policy.terms.currency, ...request });
  if (answer === undefined) return charge;
  const { grantedMs, availableMicros, isShort } = answer;
  return absorbOwnInput(charge, { type: isShort ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros });
}

/** Decides what follows and makes it effects: the new charge and they are one write. */
export function advance(record: ChargeRecord, charge: Charge, cause: Cause): ChargeChange {
  return withFacts(record, charge, decideAt(charge, cause.atMs), cause);
}

/** The charge after these facts, each an event, and with what it books. */
export function withFacts(record: ChargeRecord, charge: Charge, facts: readonly BillingFact[], cause: Cause): ChargeChange {
  const { accountId, callId, attributes } = record;
  const { walletId } = charge.terms;
  const payer = payerOfTwo(charge.terms);
  const effects: ChargeEffect[] = [];
  let next = charge;
  for (const fact of facts) {
    if (!('published' in next) || attributes === undefined) throw parleyError('internal', 'a call that was not initiated cannot be charged');
    const { nextSequence: sequence } = next.published;
    // What is left is given back before the settlement is told, so that whoever hears of it finds the wallet settled.
    if (fact.type === 'settled') effects.push(releaseEffect(charge, cause));
    const posting = splitPosting(postingOf(charge, fact, sequence, cause), next, attributes);
    effects.push({ kind: 'event', accountId, callId, ...(payer && { payer }), walletId, attributes, sequence, fact, cause, posting });
    if (fact.type === 'adjusted') effects.push(...releaseAfter(charge, posting, cause));
    next = evolve(next, fact);
  }
  return { record: { ...record, charge: next, lastCause: cause }, effects };
}
