import { ChargeReason, type BillingSettled, type Receipt } from '@parley/contracts';
import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import { oracleRating, type OracleRating } from '../../../../services/billing/src/test-support/rating-oracle.ts';
import type { ChargedCall } from './call-plan.ts';

export type Line = Omit<Receipt['lines'][number], 'amount'> & { readonly micros: bigint };

/** What a call costs by its policy, from what was planned and published. */
export interface OracleBill {
  /** Final media time at the settlement. */
  readonly finalMs: bigint;
  readonly settledMicros: bigint;
  /** What reactions that came after the settlement are worth. */
  readonly lateMicros: bigint;
  /** Of the receipt in the end: with what came late, or without. */
  readonly linesWithLate: readonly Line[];
  readonly linesWithoutLate: readonly Line[];
}

/**
 * Rates the call a millisecond at a time. Of billing it takes what no bill can be made without: which events it knew when it settled,
 * and from where on the balance did not cover the call.
 */
export function oracleBill(call: ChargedCall, terms: PolicyTerms, { applied, reason, limitMs }: BillingSettled): OracleBill {
  const through = (source: string) => Number(applied.find((one) => one.source.endsWith(`/${source}`))?.sequence ?? -1n);
  const known = call.batches.slice(0, through('reaction/caller') + 1);
  const decidedMs = known.flat().at(-1)?.toMs ?? 0n;
  const isEnded = call.isEnded && known.length === call.batches.length;
  const isCompleted = through('call') >= completedSequence(call);
  const finalMs = call.course !== 'released' && (isEnded || isCompleted) ? call.finalMs : decidedMs;
  const hasLate = reason !== 'completed' && call.course !== 'released' && call.isEnded;
  const settled = oracleRating(terms, call.course === 'released' ? [] : known.flat(), finalMs, limitMs);
  const all = hasLate ? oracleRating(terms, call.batches.flat(), call.finalMs, limitMs) : settled;
  const unpaid = hasLate ? oracleRating(terms, call.batches.flat(), call.finalMs, decidedMs) : settled;
  const settledMicros = settled.micros.at(-1)!;
  return { finalMs, settledMicros, lateMicros: all.micros.at(-1)! - settledMicros, linesWithLate: linesOf(all), linesWithoutLate: linesOf(unpaid) };
}

function completedSequence({ course, hasCallee }: ChargedCall): number {
  if (course === 'call lost') return Infinity;
  if (course === 'released') return 1;
  return hasCallee ? 3 : 2;
}

/** Milliseconds of one reason are a line. */
function linesOf({ milliseconds, micros }: OracleRating): readonly Line[] {
  const lines: Line[] = [];
  milliseconds.forEach(({ reason: name, charged }, at) => {
    const reason = ChargeReason[name.toUpperCase() as keyof typeof ChargeReason];
    const fromMs = lines.at(-1)?.reason === reason ? lines.pop()!.fromMs : BigInt(at);
    lines.push({ fromMs, toMs: BigInt(at) + 1n, reason, charged, bandPermille: 0, micros: micros[at + 1]! - micros[Number(fromMs)]! });
  });
  return lines;
}
