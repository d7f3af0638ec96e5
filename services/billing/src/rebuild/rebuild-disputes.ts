import { correctionFor } from '../domain/charge-correction.ts';
import type { Dispute, DisputeChange } from '../domain/correction.ts';
import { disputedChargeId, resolveDispute } from '../domain/dispute.ts';
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import { requestContent } from '../usecases/change-settled.ts';
import { correctionKeyOf } from '../usecases/charge-posting.ts';
import type { ChargeChange } from '../usecases/charge-store.ts';
import { disputeEffect, openDisputeContent } from '../usecases/open-dispute.ts';
import { resolveDisputeContent } from '../usecases/resolve-dispute.ts';

/** The disputes of a charge, in the order in which they were opened, after one more step. What is told again, or late, changes nothing. */
export function afterStep(disputes: readonly Dispute[], told: Dispute): readonly Dispute[] {
  const known = disputes.find(({ disputeId }) => disputeId === told.disputeId);
  if (known === undefined) return [...disputes, told];
  return known.resolved === undefined ? disputes.map((one) => (one === known ? told : one)) : disputes;
}

/** What the id of the step's request is tied to. */
export function stepContent({ currency, dispute: { disputeId, opened, resolved } }: DisputeChange): readonly string[] {
  const chargeId = disputedChargeId(disputeId) ?? '';
  if (resolved === undefined) return requestContent(openDisputeContent, { chargeId, note: opened.note });
  const accepted = resolved.outcome === 'accepted' ? { currency, micros: resolved.amountMicros } : undefined;
  return requestContent(resolveDisputeContent(disputeId, accepted), { chargeId, note: resolved.note });
}

/**
 * The charge with its disputes. What was given back for one was told before its resolution: where that is missing it follows,
 * and is owed.
 * @param entries of what was done to the call by hand
 */
export function withDisputes(change: ChargeChange, disputes: readonly Dispute[], entries: readonly LedgerEntry[]): ChargeChange {
  const { record } = change;
  if (record.charge.status !== 'settled' || disputes.length === 0) return change;
  let charge = { ...record.charge, disputes };
  const effects = [...change.effects];
  for (const { disputeId, resolved } of disputes) {
    const correction = correctionFor(charge, 'dispute', disputeId);
    if (resolved !== undefined || correction?.order === undefined) continue;
    const { order, atMs = 0n, differenceMicros } = correction;
    charge = { ...charge, ...resolveDispute(charge, { outcome: 'accepted', amountMicros: -differenceMicros }, { order, atMs }) };
    const key = correctionKeyOf(record.callId, correction);
    effects.push(disputeEffect(charge, disputeId, entries.find((entry) => entry.key === key)?.causeId ?? ''));
  }
  return { record: { ...record, charge }, effects };
}
