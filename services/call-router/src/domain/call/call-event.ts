import type { Verb, VerbName } from '../twiml/verb.ts';
import type { ApplicationLinks, InstructionRequest } from './call-state.ts';
import type { Direction, EndCause, FinalStatus, Party } from './leg.ts';
import type { ChargeAuthorization } from './policy.ts';

// What happened on a call. Published events are numbered; they may carry more than is published, namely what the state
// needs. Notes are facts that only the state needs: they have no number and are not published.

export interface Initiated {
  readonly kind: 'initiated';
  readonly parentLegId?: string;
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  /** Of a leg whose device calls. */
  readonly consents?: true;
  /** Of the root leg. */
  readonly root?: {
    readonly accountId: string;
    readonly application: ApplicationLinks;
    readonly charge?: ChargeAuthorization;
    /** The device's, when it placed the call. */
    readonly requestId?: string;
  };
  readonly ringUntilMs?: number;
  readonly timeLimitMs?: number;
}

export interface InstructionsFailed {
  readonly kind: 'instructions_failed';
  readonly url: string;
  readonly code: string;
  /** 0 when Twilio has none for this. */
  readonly twilioCode: number;
  /** 0 when there was no answer. */
  readonly httpStatus: number;
  /** What is asked next: the fallback URL. Not set: nothing. */
  readonly fallback?: InstructionRequest;
}

export interface VerbEnded {
  readonly kind: 'verb_ended';
  readonly verb: VerbName;
  readonly index: number;
  /** Verb-specific, e.g. Dial's DialCallStatus; empty where the verb has none. */
  readonly outcome: string;
  /** A code of docs/errors.md when the verb failed, else empty. */
  readonly code: string;
  /** The document goes on with this request instead of the next verb. */
  readonly next?: InstructionRequest;
}

export type PublishedFact =
  | Initiated
  | { readonly kind: 'ringing' }
  | { readonly kind: 'answered'; readonly consents?: true }
  | { readonly kind: 'bridged'; readonly otherLegId: string }
  | { readonly kind: 'instructions_fetched'; readonly url: string; readonly verbs: readonly Verb[]; readonly durationMs: number }
  | InstructionsFailed
  | { readonly kind: 'verb_started'; readonly verb: Verb; readonly index: number }
  | VerbEnded
  | { readonly kind: 'digits_received'; readonly digits: string }
  | { readonly kind: 'text_received'; readonly text: string }
  | { readonly kind: 'video_started'; readonly party: Party; readonly mediaOriginMs: number; readonly counterpartConsents: boolean }
  | { readonly kind: 'video_stopped'; readonly party: Party; readonly mediaTimeMs: number }
  | { readonly kind: 'updated'; readonly requestId: string; readonly hangUp: boolean; readonly program?: UpdatedProgram }
  | { readonly kind: 'completed'; readonly status: FinalStatus; readonly cause: EndCause; readonly durationMs: number; readonly final: boolean }
  | { readonly kind: 'application_event_published'; readonly requestId: string; readonly name: string; readonly dataJson: string };

/** What an update makes the call do. */
export type UpdatedProgram =
  | { readonly kind: 'run'; readonly verbs: readonly Verb[] }
  | { readonly kind: 'fetch'; readonly request: InstructionRequest };

export type CallNote =
  /** Billing is asked to extend the grant. */
  | { readonly kind: 'grant_extension_asked' }
  | { readonly kind: 'grant_extended'; readonly untilMs: number }
  | { readonly kind: 'grant_not_extended' }
  /** The grant lapsed, and the call goes on without video and without a grant. */
  | { readonly kind: 'video_lapsed' }
  /** The application server took the status callback, or it was given up. */
  | { readonly kind: 'status_callback_settled'; readonly number: number };

/** As it enters the call's sequence. */
export type PublishedEvent = PublishedFact & {
  readonly sequence: number;
  readonly legId: string;
  readonly atMs: number;
};

export type CallEvent = PublishedEvent | (CallNote & { readonly atMs: number });

export function isPublished(event: CallEvent): event is PublishedEvent {
  return 'sequence' in event;
}

