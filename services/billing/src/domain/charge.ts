import type { Correction, Dispute } from './correction.ts';
import type { PolicyVersion } from './policy-terms.ts';
import type { SegmentKind, Timeline } from './timeline.ts';

/** Side of the call. */
export type Party = 'caller' | 'callee';

/** A producer of events about the call; each has a sequence of its own, contiguous from 0. */
export type SourceName = 'call' | 'reaction/caller' | 'reaction/callee';

/** Who pays, and by which terms; fixed before the call is connected. */
export interface ChargeTerms {
  readonly walletId: string;
  /** Its view of the counterpart is what is charged (claim 1). */
  readonly payer: Party;
  readonly policy: PolicyVersion;
  /** Of the policy's time zone when the call was authorised; not set: 0. */
  readonly utcOffsetMinutes?: number | undefined;
}

/** What the wallet holds for the call, as far as this document knows: never more than the wallet itself says. */
export interface Grant {
  /** Media time through which the wallet holds enough. Goes back to 0 only when the hold is given up. */
  readonly grantedMs: bigint;
  readonly funds: Funds;
  /** At the last change of the grant. */
  readonly availableMicros: bigint;
}

/** `low`: what is available does not cover one grant more. `exhausted`: it did not cover what was asked for. */
export type Funds = 'ok' | 'low' | 'exhausted';

interface ChargeBase {
  readonly callId: string;
  readonly accountId: string;
  readonly terms: ChargeTerms;
  readonly grant: Grant;
}

/** Authorised; the call has not been seen yet. */
export interface AuthorizedCharge extends ChargeBase {
  readonly status: 'authorized';
}

/** The authorisation came to nothing: released by the call router, or expired. The call may still show up. */
export interface ClosedCharge extends ChargeBase {
  readonly status: 'closed';
  readonly reason: 'released' | 'expired';
}

/** What call and reaction events have said so far. */
export interface Observed {
  /** Last sequence applied, by source. */
  readonly applied: Readonly<Partial<Record<SourceName, bigint>>>;
  /** Parties whose video was started. */
  readonly videoParties: readonly Party[];
  /** Parties whose reaction source has ended. */
  readonly endedParties: readonly Party[];
  /** Unix time of media time 0, in ms. */
  readonly mediaOriginMs: bigint | undefined;
  /** Unix time of the call's final `completed`, in ms. */
  readonly completedMs: bigint | undefined;
  /** The payer's view, as far as it is decided. */
  readonly timeline: Timeline;
  readonly observedThroughMs: bigint;
  /** Final media time of the payer's `reaction.ended`. */
  readonly finalMs: bigint | undefined;
  /** What never came, by a timeout that counts as an input. */
  readonly lost: 'recognition' | 'call' | undefined;
}

/** How far billing's own events have come. */
export interface Published {
  /** Sequence of the next event. */
  readonly nextSequence: bigint;
  readonly started: boolean;
  /** Whether the last stretch counted; undefined before the first. */
  readonly counting: boolean | undefined;
  /** Stretches through here are reflected in `counting`. */
  readonly countedThroughMs: bigint;
  /** End of the last cell that was charged. */
  readonly cellsThroughMs: bigint;
  /** What the call costs as far as it is charged, corrections among it. */
  readonly chargedMicros: bigint;
  readonly announcedFunds: Funds;
}

/** The call exists. */
export interface OpenCharge extends ChargeBase {
  readonly status: 'open';
  readonly observed: Observed;
  readonly published: Published;
}

export type SettleReason = 'completed' | 'recognition_lost' | 'call_lost';

export interface Settlement {
  readonly reason: SettleReason;
  /** What was decided by then; later news counts only once it is complete. */
  readonly decidedMs: bigint;
  readonly finalMs: bigint;
  /** From here on the balance did not cover it. */
  readonly limitMs: bigint | undefined;
  readonly adjusted: boolean;
}

export interface SettledCharge extends Omit<OpenCharge, 'status'> {
  readonly status: 'settled';
  readonly settlement: Settlement;
  /** In the order in which they were made; absent: none. */
  readonly corrections?: readonly Correction[];
  /** In the order in which they were opened; absent: none. */
  readonly disputes?: readonly Dispute[];
  /** How often what was held for a correction was given back, since nobody made it; absent: never. Part of the name of what is held. */
  readonly holdRound?: number;
}

/** The charge of one call, to one side of it. */
export type Charge = AuthorizedCharge | ClosedCharge | OpenCharge | SettledCharge;

/** A billing event of the call, before it has an id and a time. */
export type BillingFact =
  | { readonly type: 'started'; readonly walletId: string; readonly policy: PolicyVersion }
  | { readonly type: 'suspended'; readonly atMs: bigint; readonly reason: SegmentKind }
  | { readonly type: 'resumed'; readonly atMs: bigint; readonly kind: SegmentKind }
  | ChargedFact
  | { readonly type: 'balance_low'; readonly walletId: string; readonly currency: string; readonly availableMicros: bigint }
  | { readonly type: 'balance_exhausted'; readonly walletId: string; readonly grantedMs: bigint }
  | SettledFact
  | AdjustedFact;

export interface ChargedFact {
  readonly type: 'charged';
  readonly cell: bigint;
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly chargedMs: bigint;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly cumulativeMicros: bigint;
}

export interface SettledFact extends Omit<Settlement, 'adjusted'> {
  readonly type: 'settled';
  readonly currency: string;
  readonly totalMicros: bigint;
  readonly chargedMs: bigint;
  readonly unchargedMs: bigint;
  readonly applied: Observed['applied'];
}

export interface AdjustedFact extends Correction {
  readonly type: 'adjusted';
  readonly currency: string;
}
