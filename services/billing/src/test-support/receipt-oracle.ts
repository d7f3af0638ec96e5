import type { StreamedEvent } from '@parley/bus';
import { ChargeReason, type Receipt } from '@parley/contracts';
import { fromInterval } from '../bus/convert.ts';
import type { PolicyTerms } from '../domain/policy-terms.ts';
import type { Segment } from '../domain/timeline.ts';
import { oracleRating } from './rating-oracle.ts';
import { valuesOf } from './stream-reader.ts';

type Line = Pick<Receipt['lines'][number], 'fromMs' | 'toMs' | 'reason' | 'charged'> & { readonly micros: bigint | undefined };

/** For tests: the receipt that the published events of a call amount to, if its settlement waited for all of them. */
export function oracleReceipt(terms: PolicyTerms, reactions: readonly StreamedEvent[], billing: readonly StreamedEvent[]): Line[] {
  const { limitMs, finalMs } = valuesOf(billing, 'settled')[0]!;
  const { milliseconds, micros } = oracleRating(terms, payersIntervals(reactions), finalMs, limitMs);
  const lines: Line[] = [];
  milliseconds.forEach(({ reason: name, charged }, at) => {
    const reason = ChargeReason[name.toUpperCase() as keyof typeof ChargeReason];
    const last = lines.at(-1);
    const fromMs = last?.reason === reason ? lines.pop()!.fromMs : BigInt(at);
    lines.push({ fromMs, toMs: BigInt(at) + 1n, reason, charged, micros: micros[at + 1]! - micros[Number(fromMs)]! });
  });
  return lines;
}

export function linesOf({ lines }: Receipt): Line[] {
  return lines.map(({ fromMs, toMs, reason, charged, amount }) => ({ fromMs, toMs, reason, charged, micros: amount?.micros }));
}

function payersIntervals(reactions: readonly StreamedEvent[]): Segment[] {
  return reactions.flatMap(({ data }) => (data.class === 'reaction' ? data.value.intervals.map(fromInterval) : []));
}
