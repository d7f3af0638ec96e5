// What a document asks for, as data: a call keeps it in its state.

export type HttpMethod = 'GET' | 'POST';

/** Where to get a document. Absolute: relative URLs were resolved against their document's. */
export interface DocumentLink {
  readonly url: string;
  readonly method: HttpMethod;
}

export interface SayVerb {
  readonly verb: 'Say';
  readonly text: string;
  /** How often; 0 is for ever. */
  readonly loop: number;
}

export interface PauseVerb {
  readonly verb: 'Pause';
  readonly lengthMs: number;
}

export interface DialVerb {
  readonly verb: 'Dial';
  /** client:name or +digits. */
  readonly target: string;
  readonly callerId?: string;
  readonly timeoutMs: number;
  readonly timeLimitMs: number;
  /** Asked for the next document once the dialled leg ended. */
  readonly action?: DocumentLink;
}

export interface RedirectVerb {
  readonly verb: 'Redirect';
  readonly to: DocumentLink;
}

export interface RejectVerb {
  readonly verb: 'Reject';
  readonly reason: 'rejected' | 'busy';
}

export interface HangupVerb {
  readonly verb: 'Hangup';
}

export type Verb = SayVerb | PauseVerb | DialVerb | RedirectVerb | RejectVerb | HangupVerb;
export type VerbName = Verb['verb'];
