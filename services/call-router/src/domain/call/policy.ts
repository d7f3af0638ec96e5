import type { Party } from './leg.ts';

/** What recognition needs of a policy: T1, T2, T3 and what a finding is worth. Milliseconds of media time. */
export interface RecognitionTerms {
  readonly faceAbsentMs: number;
  readonly voiceAbsentMs: number;
  readonly textAbsentMs: number;
  readonly textHoldMs: number;
  readonly maxGapMs: number;
  /** How long a face counts without a sign that it lives; 0: no sign is asked for. */
  readonly livenessMs: number;
  /** 0..1 */
  readonly minFaceAreaRatio: number;
}

export type RoundingMode = 'half_even' | 'half_up' | 'down' | 'up';

export interface PolicyTerms extends RecognitionTerms {
  readonly currency: string;
  readonly rateMicros: bigint;
  readonly unitMs: number;
  readonly freePeriodMs: number;
  readonly chargeRecoveredGrace: boolean;
  readonly chargeLapsedGrace: boolean;
  readonly rounding: RoundingMode;
  readonly roundingIncrementMicros: bigint;
  readonly entryGridMs: number;
  readonly grantMs: number;
  readonly prices?: PriceTerms | undefined;
  /** What happens to the call when its grant lapses; undefined: it ends. */
  readonly onExhausted?: OnExhausted | undefined;
}

/** `downgrade`: the video ends, and the call goes on without it and without a charge. */
export type OnExhausted = 'end' | 'downgrade';

/** What a price is made of besides the rate: billing's own, only handed on. */
export interface PriceTerms {
  readonly tiers: readonly { readonly fromMs: bigint; readonly rateMicros: bigint }[];
  readonly connectionFeeMicros: bigint;
  readonly minimumChargeMicros: bigint;
  readonly maximumChargeMicros: bigint;
  readonly facePermille?: number | undefined;
  readonly voicePermille?: number | undefined;
  readonly textPermille?: number | undefined;
  readonly weekBands?: readonly { readonly fromMinute: number; readonly permille: number }[];
  readonly timeZone?: string;
  readonly resumeAfterMs?: bigint;
  /** As the contract counts it. */
  readonly payer?: number;
  readonly hostPermille?: number;
}

/** One immutable version of a policy. */
export interface PolicySnapshot {
  readonly policyId: string;
  readonly version: number;
  readonly terms: PolicyTerms;
}

/** What billing granted before a charged connection; the call only hands it on. */
export interface ChargeAuthorization {
  readonly walletId: string;
  /** Where each side pays. */
  readonly calleeWalletId?: string;
  readonly payer: Party;
  readonly policy: PolicySnapshot;
  /** The grant holds until this media time unless it is extended. */
  readonly grantedUntilMs: number;
  /** Of the policy's time zone; a call of before it has none. */
  readonly utcOffsetMinutes?: number;
}

/** The running grant of a charged call, in media time. */
export interface Grant {
  readonly untilMs: number;
  /** When it is extended; not set while billing is being asked. */
  readonly extendAtMs?: number;
}

/** A grant that is given at media time `atMs`: it is extended when half of what remains is left. */
export function grantFrom(atMs: number, untilMs: number): Grant {
  return { untilMs, extendAtMs: atMs + Math.max(shortestAskMs, Math.floor((untilMs - atMs) / 2)) };
}

/** The grant stays as it is; billing is asked again a little later, as a top-up may have come. */
export function grantAskedInVain(grant: Grant, atMs: number): Grant {
  return { untilMs: grant.untilMs, extendAtMs: atMs + askAgainMs };
}

const shortestAskMs = 100;
const askAgainMs = 1000;
