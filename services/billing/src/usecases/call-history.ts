import type { ReplayedFact, ReplayInput } from '../domain/charge-replay.ts';
import type { Told } from '../domain/told.ts';
import type { ChargeTerms } from '../domain/charge.ts';
import type { CallAttributes, Cause } from './charge-store.ts';

/** The root's `call.initiated`. */
export interface Initiation {
  readonly cause: Cause;
  readonly attributes: CallAttributes;
  /** Undefined: the call is free. */
  readonly terms: ChargeTerms | undefined;
  /** Media time through which the first grant held, in ms. */
  readonly grantedMs: bigint;
}

/** A billing event that was published. */
export interface PublishedFact {
  readonly sequence: bigint;
  readonly type: string;
  readonly told: Told;
  /** What it says else than what follows, in words; undefined: it is identical, bit for bit. */
  differenceTo(expected: ReplayedFact): string | undefined;
}

/** What the streams still hold of a call: each event once, each source in sequence. */
export interface CallHistory {
  /** Undefined: it is kept no longer. */
  readonly initiation: Initiation | undefined;
  /** The other events of the call and of its reactions; what nobody can apply is left out. */
  readonly inputs: readonly ReplayInput[];
  readonly published: readonly PublishedFact[];
  /** Ids of events that were published again with another content. */
  readonly contradictory: readonly string[];
}

export interface CallHistories {
  read(call: { readonly accountId: string; readonly callId: string }): Promise<CallHistory>;
}
