import type { PolicyVersion } from './policy-terms.ts';

/** Why a call costs another amount than it was settled at. */
export type CorrectionReason = 'late_reaction' | 'refund' | 'dispute' | 'rerating';

/** Who asked for a correction by hand, and why. */
export interface CorrectionOrder {
  /** Of the request, or of the dispute: what makes it the same correction when it is asked for again. */
  readonly id: string;
  /** Subject of the token. */
  readonly actor: string;
  /** Why, in the actor's words. */
  readonly note: string;
}

/** One difference in what a settled call costs. */
export interface Correction {
  readonly reason: CorrectionReason;
  /** Micro-units. Negative: money back. 0: nothing is booked. */
  readonly differenceMicros: bigint;
  /** Unix time in ms; absent until it is made. */
  readonly atMs?: bigint;
  /** Absent: it follows from events. */
  readonly order?: CorrectionOrder;
  /** By which the call is rated from then on: of a re-rating alone. */
  readonly policy?: PolicyVersion;
  /** Of that version's time zone when media time began. */
  readonly utcOffsetMinutes?: number;
}

/** A version of a policy as a call is rated by it. */
export interface RatedBy {
  readonly policy: PolicyVersion;
  readonly utcOffsetMinutes?: number | undefined;
}

/** Who did something about a dispute, when, and why. */
export interface DisputeStep extends Omit<CorrectionOrder, 'id'> {
  /** Unix time in ms. */
  readonly atMs: bigint;
}

/** Somebody says that a call should not cost what it costs. */
export interface Dispute {
  readonly disputeId: string;
  readonly opened: DisputeStep;
  /** Absent: it is open. */
  readonly resolved?: DisputeStep & DisputeOutcome;
}

export interface DisputeOutcome {
  readonly outcome: 'accepted' | 'rejected';
  /** What is given back, in micro-units; 0: it was rejected. */
  readonly amountMicros: bigint;
}

/** A dispute as it is after a step of it. */
export interface DisputeChange {
  readonly accountId: string;
  readonly callId: string;
  /** Of what is given back; of no meaning where nothing is. */
  readonly currency: string;
  readonly dispute: Dispute;
  /** Of the step. */
  readonly requestId: string;
}

/** What may be done to one charge by hand: its document has to stay small. */
export const mostCorrections = 100;

/** The version by which a call is rated: that of the last re-rating, or the one that it was authorised under. */
export function ratedBy(authorized: RatedBy, corrections: readonly Correction[] = []): RatedBy {
  const by = corrections.findLast(({ policy }) => policy !== undefined);
  return by?.policy === undefined ? authorized : { policy: by.policy, utcOffsetMinutes: by.utcOffsetMinutes };
}

/**
 * What a call costs: its rated price less all that was given back by hand, and never less than nothing. It depends on what
 * was corrected, and not on the order: late reactions and re-ratings change the rated price, what was given back stays so.
 */
export function costMicros(ratedMicros: bigint, corrections: readonly Correction[] = []): bigint {
  const left = ratedMicros - givenBackMicros(corrections);
  return left > 0n ? left : 0n;
}

function givenBackMicros(corrections: readonly Correction[]): bigint {
  const byHand = corrections.filter(({ reason }) => reason === 'refund' || reason === 'dispute');
  return byHand.reduce((sum, { differenceMicros }) => sum - differenceMicros, 0n);
}

/**
 * What a wallet holds for a correction that takes money is held under the number of its event: no two share one.
 * @param round how often what was held for a correction of the call was given back, since nobody made it
 */
export function correctionHoldOf(callId: string, sequence: bigint, round = 0): string {
  return round === 0 ? `${callId}/${sequence}` : `${callId}/${sequence}/${round}`;
}

/** Whom something is held for: a call, or a correction of it. */
export interface Holder {
  readonly callId: string;
  readonly correction: { readonly sequence: bigint; readonly round: number } | undefined;
}

export function holderOf(holdId: string): Holder {
  const [callId = '', sequence, round = '0'] = holdId.split('/');
  return { callId, correction: sequence === undefined ? undefined : { sequence: BigInt(sequence), round: Number(round) } };
}
