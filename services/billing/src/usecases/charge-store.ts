import type { BillingFact, Charge, OpenCharge, Party, SettledCharge } from '../domain/charge.ts';
import type { DisputeChange } from '../domain/correction.ts';
import type { Posting } from '../domain/wallet.ts';

/** The root leg's, as every event of the call carries them. Personal data. */
export interface CallAttributes {
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api';
}

/** What a change follows from. Rules take the time from here, never from a clock. */
export interface Cause {
  /** Id of an event or a request. */
  readonly id: string;
  /** Unix time in ms. */
  readonly atMs: bigint;
  /** W3C trace context; empty if there is none. */
  readonly traceparent: string;
}

/** A call that was connected without a charge. Kept, so that its reactions need not wait for a charge that never comes. */
export interface FreeCall {
  readonly status: 'free';
}

/** All that billing knows about one charge of a call: its only one, or where each side pays that of one of them. */
export interface ChargeRecord {
  readonly callId: string;
  readonly accountId: string;
  readonly charge: Charge | FreeCall;
  /**
   * Of the AuthorizeCharge request: by it a repeat is told from another request. Empty: the account's default. Undefined: the
   * request is not known, only the call's events are.
   */
  readonly requestedPolicyId: string | undefined;
  /** Unknown until the call is. */
  readonly attributes: CallAttributes | undefined;
  /** The authorisation, then each event: the last thing that was heard. */
  readonly lastCause: Cause;
}

/** Of a call that was seen and is charged. */
export interface ChargedRecord extends ChargeRecord {
  readonly charge: OpenCharge | SettledCharge;
}

/** Of a call whose charge is settled. */
export interface SettledRecord extends ChargeRecord {
  readonly charge: SettledCharge;
}

/** A billing event to be published, and first the ledger entry that it tells of. */
export interface EventEffect {
  readonly kind: 'event';
  readonly accountId: string;
  readonly callId: string;
  /** Where each side pays: the source of the event has it. */
  readonly payer?: Party;
  readonly walletId: string;
  readonly attributes: CallAttributes;
  readonly sequence: bigint;
  readonly fact: BillingFact;
  readonly cause: Cause;
  readonly posting: Posting | undefined;
}

/** What the wallet still holds for the call, or for a correction of it, is given back. */
export interface ReleaseEffect {
  readonly kind: 'release';
  readonly walletId: string;
  readonly callId: string;
  /** Of a correction. */
  readonly holdId?: string;
  /** Unix time in ms. Effects that were stored before buckets have none. */
  readonly atMs?: bigint;
}

/** A step of a dispute is told. */
export interface DisputeEffect extends DisputeChange {
  readonly kind: 'dispute';
}

/** What follows from a change, in order. Each may be run again after a crash and does nothing the second time. */
export type ChargeEffect = EventEffect | ReleaseEffect | DisputeEffect;

export interface ChargeChange {
  readonly record: ChargeRecord;
  readonly effects: readonly ChargeEffect[];
}

export type RunEffect = (effect: ChargeEffect) => Promise<void>;

/** @see chargeIdOf for the ids. */
export interface ChargeStore {
  find(chargeId: string): Promise<ChargeRecord | undefined>;
  /**
   * Changes a record: `decide` gets it as it is, with the effects of earlier changes all run, and says how it shall be and
   * what follows; both are stored in one write, then the effects are run. Undefined leaves it. `decide` runs again if somebody
   * else was faster.
   * @returns the record after it.
   * @throws ParleyError `store.conflict` after many attempts.
   */
  change(chargeId: string, decide: (record: ChargeRecord | undefined) => Promise<ChargeChange | undefined>): Promise<ChargeRecord | undefined>;
  /** Charges of some partitions that are not settled or closed. */
  openOf(partitions: readonly number[]): Promise<ChargeRecord[]>;
  /** Ids of settled charges that are more than their wallets held when it was decided: see `isOwing`. */
  owing(): AsyncIterable<string>;
  /** All charges of an account, in the order of their ids. */
  ofAccount(accountId: string): AsyncIterable<ChargeRecord>;
  countOf(accountId: string): Promise<number>;
  /** Runs effects that a crash left behind in some partitions. */
  runLeftEffects(partitions: readonly number[]): Promise<void>;
}
