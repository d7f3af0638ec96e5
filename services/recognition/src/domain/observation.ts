import type { RecognitionTerms } from './judgement.ts';
import type { Told } from './narration.ts';
import { initialSession, step, type Command, type ReactionFact, type Session } from './session.ts';

export type Party = 'caller' | 'callee';

/** The root leg's, on every event of the call. */
export interface CallAttributes {
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api';
}

/** The version of a billing policy that recognition goes by for the whole of the call. */
export interface PinnedPolicy {
  readonly id: string;
  readonly version: number;
  readonly terms: RecognitionTerms;
}

/** What is kept of one side of one call: what was concluded, never what was seen or heard. */
export interface Observation {
  readonly accountId: string;
  readonly callId: string;
  /** The side whose view of its counterpart is observed. */
  readonly party: Party;
  readonly legId: string;
  readonly call: CallAttributes;
  /** Known with the first stream of observations. */
  readonly policy: PinnedPolicy | undefined;
  /** The stream that may add observations: the newest one. */
  readonly streamId: string | undefined;
  readonly session: Session;
  /** Of the next event. */
  readonly sequence: number;
  /** Of the next record of what was taken in. */
  readonly recordSequence: number;
  /** Of the last event of the call that was taken in; -1 before the first. */
  readonly callSequence: number;
  /** W3C trace context of the call. */
  readonly traceparent: string;
  /** When observations last came in, in milliseconds UTC. */
  readonly activeAtMs: number;
  /** Since when, by the same clock, the end is waited for. */
  readonly endAwaitedSinceMs: number | undefined;
}

/** An event in the contiguous sequence of (call, party). */
export interface ReactionEvent extends Told<ReactionFact> {
  readonly sequence: number;
}

/** What was taken in, for whoever wants to come to the same events: in the contiguous sequence of (call, party). */
export interface Recorded {
  readonly sequence: number;
  /** Of the first event that follows from it. */
  readonly eventSequence: number;
  readonly commands: readonly Command[];
}

export interface Change {
  readonly observation: Observation;
  readonly events: readonly ReactionEvent[];
  /** Undefined if nothing was taken in. */
  readonly recorded: Recorded | undefined;
}

export type NewObservation = Pick<Observation, 'accountId' | 'callId' | 'party' | 'legId' | 'call' | 'traceparent'>;

export function newObservation(given: NewObservation): Observation {
  return {
    ...given,
    policy: undefined,
    streamId: undefined,
    session: initialSession,
    sequence: 0,
    recordSequence: 0,
    callSequence: -1,
    activeAtMs: 0,
    endAwaitedSinceMs: undefined,
  };
}

/** Applies commands one after the other, and numbers what is told and what was taken in. */
export function apply(commands: readonly Command[], observation: Observation): Change {
  let { session } = observation;
  const events: ReactionEvent[] = [];
  for (const command of commands) {
    const next = step(command, session);
    session = next.session;
    for (const one of next.told) events.push({ ...one, sequence: observation.sequence + events.length });
  }
  const { sequence, recordSequence } = observation;
  const recorded = commands.length === 0 ? undefined : { sequence: recordSequence, eventSequence: sequence, commands };
  const next = { session, sequence: sequence + events.length, recordSequence: recorded ? recordSequence + 1 : recordSequence };
  return { observation: { ...observation, ...next }, events, recorded };
}

export function hasEnded({ session }: Observation): boolean {
  return session.progress.phase === 'ended';
}

/** The call is over, and what is still missing of its observations is waited for. */
export function awaitsEnd({ session }: Observation): boolean {
  return session.completedAtMs !== undefined && session.progress.phase !== 'ended';
}
