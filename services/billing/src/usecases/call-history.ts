import { payerOfTwo } from '../domain/charge-id.ts';
import type { ReplayedFact, ReplayInput } from '../domain/charge-replay.ts';
import type { Told } from '../domain/told.ts';
import type { ChargeTerms, Party } from '../domain/charge.ts';
import type { CallAttributes, Cause } from './charge-store.ts';

/** The root's `call.initiated`. */
export interface Initiation {
  readonly cause: Cause;
  readonly attributes: CallAttributes;
  /** Of each charge: none if the call is free, two where each side pays. */
  readonly terms: readonly ChargeTerms[];
  /** Media time through which the first grant held, in ms. */
  readonly grantedMs: bigint;
}

/** A billing event that was published. */
export interface PublishedFact {
  /** Of whose charge, where each side pays. */
  readonly payer: Party | undefined;
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
  /** Of all charges of the call, each in sequence: see `publishedOf`. */
  readonly published: readonly PublishedFact[];
  /** Ids of events that were published again with another content. */
  readonly contradictory: readonly string[];
}

/** What was published of one of the call's charges. */
export function publishedOf({ published }: CallHistory, terms: ChargeTerms): PublishedFact[] {
  const payer = payerOfTwo(terms);
  return published.filter((event) => event.payer === payer);
}

export interface CallHistories {
  read(call: { readonly accountId: string; readonly callId: string }): Promise<CallHistory>;
}
