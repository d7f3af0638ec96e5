import { versionFor } from '../domain/charge-correction.ts';
import type { SettledCharge } from '../domain/charge.ts';
import type { Correction } from '../domain/correction.ts';
import { chargedMicrosOf, type LedgerEntry, type ManualReason } from '../domain/ledger-entry.ts';
import type { PolicyVersion } from '../domain/policy-terms.ts';
import type { Cause } from '../usecases/charge-store.ts';

export interface UntoldCorrection {
  readonly correction: Correction;
  readonly cause: Cause;
}

/** A version that was made before; undefined: it is not on the LEDGER stream. */
export type PolicyOf = (accountId: string, policyId: string, version: number) => PolicyVersion | undefined;

/**
 * The correction by hand that was booked and not told of, because the database was lost in between. It is the last one: the next one is
 * made only once that is told.
 * @param byHand entries of what was done to the charge by hand, in order
 * @param told ids of entries that events tell of: of each posting the first
 */
export function untoldCorrection(charge: SettledCharge, byHand: ReadonlyMap<string, LedgerEntry>, told: ReadonlySet<string>, policyOf: PolicyOf): UntoldCorrection | undefined {
  const postings = Map.groupBy(byHand, ([, { key }]) => key.split(' ')[0]!);
  const [, untold] = [...postings].findLast(([, entries]) => !entries.some(([id]) => told.has(id))) ?? [];
  const entry = untold?.[0]?.[1];
  if (untold === undefined || entry === undefined) return undefined;
  const { key, atMs, causeId, actor = '', note = '', basis } = entry;
  const reason = entry.reason as ManualReason;
  const order = { id: key.slice(`${charge.callId}/${reason}/`.length), actor, note };
  const differenceMicros = untold.reduce((sum, [, part]) => sum + chargedMicrosOf(part), 0n);
  const correction = { reason, differenceMicros, atMs, order };
  const cause = { id: causeId, atMs, traceparent: '' };
  if (reason !== 'rerating') return { correction, cause };
  const policy = basis && policyOf(charge.accountId, basis.policyId, basis.policyVersion);
  return policy && { correction: { ...correction, ...versionFor(charge, policy) }, cause };
}
