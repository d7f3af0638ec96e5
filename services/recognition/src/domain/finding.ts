/** What shows that the counterpart is really there (US 11558721 claim 3). */
export type Channel = 'face' | 'voice' | 'text';

/**
 * `there`: somebody is. `pending`: a face that has not shown yet that it lives; whether it counts is decided later. `refused`:
 * a face that did not show it in time, or that shows what was shown before. `nobody`: there is none.
 */
export type Presence = 'there' | 'pending' | 'refused' | 'nobody';

/** What one observation showed. */
export interface Finding {
  readonly channel: Channel;
  /** Media time in whole milliseconds, from 0. */
  readonly atMs: number;
  /** An observation without a reaction is a finding, too: it says that nobody was there. */
  readonly presence: Presence;
  /** 0..1; 0 when nobody was there. */
  readonly confidence: number;
}

/** The part of a billing policy that recognition goes by. Durations are media time in milliseconds. */
export interface CascadeTerms {
  /** T1: without a face for so long, voice counts. */
  readonly faceAbsentMs: number;
  /** T2: without a voice for so long, text counts. */
  readonly voiceAbsentMs: number;
  /** T3: without a text for so long, there is no reaction. */
  readonly textAbsentMs: number;
  readonly textHoldMs: number;
  /** How long a face or voice finding holds without a next one; no finding for so long is unobserved. */
  readonly maxGapMs: number;
}
