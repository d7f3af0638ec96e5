import { ChargeReason, type BillingSettled, type Receipt } from '@parley/contracts';
import { oracleRating, type OracleRating } from '../../../../services/billing/src/test-support/rating-oracle.ts';
import type { ChargedCall } from './call-plan.ts';
import type { PlayedCall } from './call-player.ts';
import type { PayingSide } from './paying-sides.ts';

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
 * from where on the balance did not cover the call, and what the policy's clock was ahead of UTC.
 */
export function oracleBill({ call, terms, originMs, utcOffsetMinutes }: PlayedCall, { payer, batches, isEnded, hasVideo }: PayingSide, { applied, reason, limitMs }: BillingSettled): OracleBill {
  const through = (source: string) => Number(applied.find((one) => one.source.endsWith(`/${source}`))?.sequence ?? -1n);
  const isReleased = call.course === 'released';
  const tariff = { ...terms, weekOriginMs: weekOriginMs(originMs, utcOffsetMinutes) };
  const known = isReleased ? [] : batches.slice(0, through(`reaction/${payer}`) + 1);
  const decidedMs = known.flat().at(-1)?.toMs ?? 0n;
  const isWhole = isEnded && known.length === batches.length;
  const isCompleted = through('call') >= completedSequence(call);
  const finalMs = !isReleased && hasVideo && (isWhole || isCompleted) ? call.finalMs : decidedMs;
  const hasLate = reason !== 'completed' && !isReleased && isEnded;
  const settled = oracleRating(tariff, known.flat(), finalMs, limitMs);
  const all = hasLate ? oracleRating(tariff, batches.flat(), call.finalMs, limitMs) : settled;
  const unpaid = hasLate ? oracleRating(tariff, batches.flat(), call.finalMs, decidedMs) : settled;
  const settledMicros = settled.micros.at(-1)!;
  return { finalMs, settledMicros, lateMicros: all.micros.at(-1)! - settledMicros, linesWithLate: linesOf(all), linesWithoutLate: linesOf(unpaid) };
}

const weekMs = 7 * 86_400_000;
/** 1970-01-05 was a Monday. */
const firstMondayMs = 4 * 86_400_000;

/** Where media time 0 lies in the local week. */
function weekOriginMs(originMs: number, utcOffsetMinutes: number): bigint {
  return BigInt((originMs + utcOffsetMinutes * 60_000 - firstMondayMs) % weekMs);
}

function completedSequence({ course, calleeBatches }: ChargedCall): number {
  if (course === 'call lost') return Infinity;
  if (course === 'released') return 1;
  return calleeBatches.length > 0 ? 3 : 2;
}

/** Milliseconds of one reason, and one rate of the week, are a line. */
function linesOf({ milliseconds, micros }: OracleRating): readonly Line[] {
  const lines: Line[] = [];
  milliseconds.forEach(({ reason: name, charged, bandPermille = 0 }, at) => {
    const reason = ChargeReason[name.toUpperCase() as keyof typeof ChargeReason];
    const last = lines.at(-1);
    const fromMs = last?.reason === reason && last.bandPermille === bandPermille ? lines.pop()!.fromMs : BigInt(at);
    lines.push({ fromMs, toMs: BigInt(at) + 1n, reason, charged, bandPermille, micros: micros[at + 1]! - micros[Number(fromMs)]! });
  });
  return lines;
}
