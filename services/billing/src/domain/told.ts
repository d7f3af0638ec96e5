import type { SettledFact } from './charge.ts';
import type { Correction } from './correction.ts';

/** What something follows from. */
export interface ReplayCause {
  readonly id: string;
  /** Unix time in ms. */
  readonly atMs: bigint;
  readonly traceparent: string;
}

/**
 * What was published as following from one cause, as far as it tells of what no event of the call says: the answers of the
 * wallet, and which events did not come in time.
 */
export interface Told {
  readonly cause: ReplayCause;
  /** End of the last cell that was charged: the wallet covered it. */
  readonly chargedThroughMs: bigint | undefined;
  /** Of `balance_low`. */
  readonly availableMicros: bigint | undefined;
  /** Of `balance_exhausted`: through where the wallet held enough. */
  readonly exhaustedMs: bigint | undefined;
  readonly settled: Pick<SettledFact, 'reason' | 'limitMs' | 'applied'> | undefined;
  readonly isAdjusted: boolean;
  /** Of `adjusted`, if it was done by hand: it follows from no event. */
  readonly byHand: (Pick<Correction, 'reason' | 'differenceMicros' | 'policy' | 'utcOffsetMinutes'> & { readonly entryId: string }) | undefined;
}

/** What was published event by event, by its causes: what one cause led to was published in a row. */
export function byCause(told: readonly Told[]): Told[] {
  const joined: Told[] = [];
  for (const next of told) {
    const last = joined.at(-1);
    if (last !== undefined && isSameCause(last, next)) joined[joined.length - 1] = joinedOf(last, next);
    else joined.push(next);
  }
  return joined;
}

/** Behind what the wallet said only the settlement follows from the same cause: the same again is another time. */
function isSameCause(last: Told, next: Told): boolean {
  if (last.byHand !== undefined || next.byHand !== undefined) return false;
  const isOver = last.availableMicros !== undefined || last.exhaustedMs !== undefined;
  return last.cause.id === next.cause.id && last.cause.atMs === next.cause.atMs && (!isOver || next.settled !== undefined);
}

function joinedOf(one: Told, other: Told): Told {
  return {
    cause: one.cause,
    chargedThroughMs: other.chargedThroughMs ?? one.chargedThroughMs,
    availableMicros: other.availableMicros ?? one.availableMicros,
    exhaustedMs: other.exhaustedMs ?? one.exhaustedMs,
    settled: other.settled ?? one.settled,
    isAdjusted: one.isAdjusted || other.isAdjusted,
    byHand: undefined,
  };
}
