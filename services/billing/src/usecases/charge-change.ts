import { parleyError } from '@parley/errors';
import { decide, evolve, heldSteps } from '../domain/charge-decision.ts';
import { absorbOwnInput, type LiveCharge } from '../domain/charge-inputs.ts';
import type { BillingFact, Charge } from '../domain/charge.ts';
import type { Posting } from '../domain/wallet.ts';
import type { Cause, ChargeChange, ChargeEffect, ChargeRecord, ReleaseEffect } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

/**
 * Asks the wallet for what is decided and lies beyond the grant. A repeat, after a crash or because somebody else
 * changed the charge meanwhile, asks for the same and gets the same.
 */
export async function coverHeld(wallets: WalletStore, charge: LiveCharge, { atMs }: Pick<Cause, 'atMs'>): Promise<LiveCharge> {
  const steps = heldSteps(charge);
  if (steps.length === 0) return charge;
  const { walletId, policy } = charge.terms;
  const request = { callId: charge.callId, currency: policy.terms.currency, steps, postedMicros: charge.published.chargedMicros, atMs };
  const answer = await wallets.hold({ walletId, accountId: charge.accountId }, request);
  if (answer === undefined) return charge;
  const { grantedMs, availableMicros, isShort } = answer;
  return absorbOwnInput(charge, { type: isShort ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros });
}

/** Decides what follows and makes it effects: the new charge and they are one write. */
export function advance(record: ChargeRecord, charge: Charge, cause: Cause): ChargeChange {
  const { accountId, callId, attributes } = record;
  const { walletId } = charge.terms;
  const effects: ChargeEffect[] = [];
  let next = charge;
  for (const fact of decide(charge)) {
    if (!('published' in next) || attributes === undefined) throw parleyError('internal', 'a call that was not initiated cannot be charged');
    const { nextSequence: sequence } = next.published;
    // What is left is given back before the settlement is told, so that whoever hears of it finds the wallet settled.
    if (fact.type === 'settled') effects.push(releaseEffect(charge, cause));
    effects.push({ kind: 'event', accountId, callId, walletId, attributes, sequence, fact, cause, posting: postingOf(charge, fact, cause) });
    if (fact.type === 'adjusted') effects.push(releaseEffect(charge, cause));
    next = evolve(next, fact);
  }
  return { record: { ...record, charge: next, lastCause: cause }, effects };
}

export function releaseEffect({ callId, terms }: Charge, { atMs }: Pick<Cause, 'atMs'>): ReleaseEffect {
  return { kind: 'release', walletId: terms.walletId, callId, atMs };
}

/** The key names the cell: however often it is tried, a cell is charged once. */
function postingOf({ callId, terms }: Charge, fact: BillingFact, { id: causeId, atMs }: Cause): Posting | undefined {
  const { policyId, version: policyVersion } = terms.policy;
  if (fact.type === 'charged') {
    const { cell, fromMs, toMs, currency, amountMicros } = fact;
    const basis = { fromMs, toMs, policyId, policyVersion };
    return { key: `${callId}/charge/${cell}`, currency, amountMicros, reason: 'charge', causeId, callId, atMs, basis };
  }
  if (fact.type === 'adjusted') {
    const { currency, differenceMicros } = fact;
    // The difference is of the call in all, not of an interval.
    const basis = { fromMs: 0n, toMs: 0n, policyId, policyVersion };
    return { key: `${callId}/adjustment`, currency, amountMicros: differenceMicros, reason: 'adjustment', causeId, callId, atMs, basis };
  }
  return undefined;
}
