import type { AdjustedFact, BillingFact, Charge } from '../domain/charge.ts';
import type { LiveCharge } from '../domain/charge-inputs.ts';
import { correctionHoldOf, ratedBy, type Correction } from '../domain/correction.ts';
import { hostAccountOf, hostOf, hostPermilleOf } from '../domain/host-share.ts';
import type { Posting } from '../domain/wallet.ts';
import type { CallAttributes, Cause, ReleaseEffect } from './charge-store.ts';

/**
 * What a fact books: each posting has a key that names the cell, the request or the dispute, so that however often it is
 * tried, it is booked once. Undefined: nothing.
 * @param sequence of the event.
 */
export function postingOf(charge: Charge, fact: BillingFact, sequence: bigint, cause: Cause): Posting | undefined {
  if (fact.type === 'adjusted') return correctionPosting(charge, fact, sequence, cause);
  if (fact.type !== 'charged') return undefined;
  const { callId, terms } = charge;
  const { cell, fromMs, toMs, currency, amountMicros } = fact;
  const basis = { fromMs, toMs, policyId: terms.policy.policyId, policyVersion: terms.policy.version };
  return { key: `${callId}/charge/${cell}`, currency, amountMicros, reason: 'charge', causeId: cause.id, callId, atMs: cause.atMs, basis };
}

function correctionPosting(charge: Charge, fact: AdjustedFact, sequence: bigint, { id: causeId, atMs }: Cause): Posting | undefined {
  const { differenceMicros: amountMicros, currency, reason, order } = fact;
  if (amountMicros === 0n) return undefined;
  const { callId, terms } = charge;
  const { corrections = [], holdRound } = charge.status === 'settled' ? charge : {};
  const { policyId, version: policyVersion } = fact.policy ?? ratedBy(terms, corrections).policy;
  // The difference is of the call in all, not of an interval.
  const basis = { fromMs: 0n, toMs: 0n, policyId, policyVersion };
  const holdId = correctionHoldOf(callId, sequence, holdRound);
  const booked = { key: correctionKeyOf(callId, fact), currency, amountMicros, causeId, callId, atMs, basis, holdId };
  if (reason === 'late_reaction' || order === undefined) return { ...booked, reason: 'adjustment' };
  return { ...booked, reason, actor: order.actor, note: order.note };
}

/**
 * The posting with what the host's share of it follows from: the call's own policy, also if it was rated by another one since.
 * @param charge before the fact that is booked
 */
export function splitPosting(posting: Posting | undefined, { accountId, terms, published }: LiveCharge, attributes: CallAttributes): Posting | undefined {
  const permille = hostPermilleOf(terms.policy.terms);
  if (posting === undefined || permille === 0) return posting;
  const account = hostAccountOf(accountId, hostOf(attributes, terms.payer));
  return { ...posting, split: { account, permille, costMicros: published.chargedMicros } };
}

/** Under which the entry of a correction can be found. */
export function correctionKeyOf(callId: string, { reason, order }: Pick<Correction, 'reason' | 'order'>): string {
  return order === undefined ? `${callId}/adjustment` : `${callId}/${reason}/${order.id}`;
}

/** Gives back what is held for the call. */
export function releaseEffect({ callId, terms }: Charge, { atMs }: Pick<Cause, 'atMs'>): ReleaseEffect {
  return { kind: 'release', walletId: terms.walletId, callId, atMs };
}

/** What was held for a correction and not used by it is given back. */
export function releaseAfter({ callId, terms }: Charge, posting: Posting | undefined, { atMs }: Pick<Cause, 'atMs'>): ReleaseEffect[] {
  if (posting === undefined || posting.amountMicros < 0n) return [];
  return [{ kind: 'release', walletId: terms.walletId, callId, atMs, ...(posting.holdId !== undefined && { holdId: posting.holdId }) }];
}
