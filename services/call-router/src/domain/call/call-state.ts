import type { HttpMethod, Verb } from '../twiml/verb.ts';
import type { Direction, Leg } from './leg.ts';
import type { ChargeAuthorization, Grant } from './policy.ts';

// The state of one call: plain data, stored as it is.

/** Of the application, what its calls need; taken when the call starts. */
export interface ApplicationLinks {
  readonly applicationId: string;
  readonly voiceUrl: string;
  readonly fallbackUrl?: string;
  readonly statusCallbackUrl?: string;
}

/** One request for a document. */
export interface InstructionRequest {
  readonly url: string;
  readonly method: HttpMethod;
  readonly reason: 'voice' | 'action' | 'redirect' | 'update' | 'fallback';
  /** Sent besides those that every request has. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The call waits for a document. `turn` is the sequence of the event that asked for it: an answer to another is stale. */
export interface FetchingProgram {
  readonly kind: 'fetching';
  readonly turn: number;
  readonly request: InstructionRequest;
}

/** Where a started verb stands. `turn` is the sequence of its verb_started. */
export type Step =
  | { readonly kind: 'momentary'; readonly turn: number }
  | { readonly kind: 'speaking'; readonly turn: number }
  | { readonly kind: 'pausing'; readonly turn: number; readonly untilMs: number }
  | { readonly kind: 'dialling'; readonly turn: number; readonly legId?: string };

export interface RunningProgram {
  readonly kind: 'running';
  readonly verbs: readonly Verb[];
  readonly index: number;
  /** Not set between two verbs. */
  readonly step?: Step;
}

/** What the application's instructions are doing on the root leg. */
export type Program = { readonly kind: 'waiting' } | FetchingProgram | RunningProgram;

/** How many documents were asked for: bounds applications that redirect for ever. */
export interface Pace {
  readonly documents: number;
  /** Of these the last ones that followed each other quickly. */
  readonly inHaste: number;
  readonly lastMs: number;
}

/** A status callback that the application server has not acknowledged yet. */
export interface PendingCallback {
  /** Twilio's SequenceNumber: from 0 within the leg. */
  readonly number: number;
  readonly callStatus: string;
  readonly atMs: number;
  /** At the end only. */
  readonly durationMs?: number;
}

interface CallFacts {
  /** The root leg's id. */
  readonly callId: string;
  readonly accountId: string;
  readonly application: ApplicationLinks;
  readonly direction: Extract<Direction, 'inbound' | 'outbound-api'>;
  readonly from: string;
  readonly to: string;
  /** The root leg first; children in the order in which they were dialled. */
  readonly legs: readonly Leg[];
  readonly charge?: ChargeAuthorization;
  /** The instant that is media time 0; set once video started. */
  readonly mediaOriginMs?: number;
  readonly nextSequence: number;
  /** Time never goes back within a call. */
  readonly lastEventMs: number;
  /** API requests that were carried out, so that a repeat is not. The latest ones only. */
  readonly requests: readonly { readonly requestId: string; readonly sequence: number }[];
  readonly callbacks: readonly PendingCallback[];
  readonly nextCallback: number;
}

export interface AbsentCall {
  readonly kind: 'absent';
}

export interface LiveCall extends CallFacts {
  readonly kind: 'live';
  readonly program: Program;
  readonly pace: Pace;
  /** Of a charged call. */
  readonly grant?: Grant;
  /** The grant lapsed, and its video with it: none starts again. */
  readonly videoLapsed?: true;
}

export interface EndedCall extends CallFacts {
  readonly kind: 'ended';
}

export type CallState = AbsentCall | LiveCall | EndedCall;
export type ExistingCall = LiveCall | EndedCall;

export const absentCall: AbsentCall = { kind: 'absent' };

export function rootLeg(call: ExistingCall): Leg {
  return call.legs[0]!;
}

export function findLeg(call: ExistingCall, legId: string): Leg | undefined {
  return call.legs.find((leg) => leg.legId === legId);
}

/** The leg that hears this one: each other's, once they are bridged. */
export function counterpartOf(call: CallState, legId: string): string | undefined {
  if (call.kind !== 'live' || call.program.kind !== 'running') return undefined;
  const step = call.program.step;
  if (step?.kind !== 'dialling' || step.legId === undefined) return undefined;
  const dialled = findLeg(call, step.legId);
  const root = rootLeg(call);
  if (dialled?.kind !== 'in_progress' || root.kind !== 'in_progress') return undefined;
  if (legId === root.legId) return dialled.legId;
  return legId === dialled.legId ? root.legId : undefined;
}

/** Whether who is seen on a leg has consented to being observed. */
export function counterpartConsents(call: ExistingCall, legId: string): boolean {
  const other = counterpartOf(call, legId);
  return other !== undefined && findLeg(call, other)?.consents === true;
}

/** Milliseconds since media time 0; undefined before any video. */
export function mediaTimeMs(call: ExistingCall, nowMs: number): number | undefined {
  return call.mediaOriginMs === undefined ? undefined : Math.max(0, nowMs - call.mediaOriginMs);
}
