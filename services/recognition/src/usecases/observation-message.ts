import type { CallAttributes, Party, PinnedPolicy } from '../domain/observation.ts';
import type { TextContent, VoiceContent } from './recognisers.ts';

/** What a device's token allows and pins: the observation of one side of one call. */
export interface ObservationGrant {
  readonly accountId: string;
  readonly callId: string;
  readonly party: Party;
  readonly legId: string;
  readonly call: CallAttributes;
  /** The instant of media time 0, in milliseconds UTC. */
  readonly mediaOriginMs: number;
  readonly policy: PinnedPolicy;
  /** Media time since which the video is displayed that this allows to observe. */
  readonly startedAtMs: number;
  /** The counterpart has consented to being observed. */
  readonly consent: boolean;
  /** W3C trace context of the call; empty when unknown. */
  readonly traceparent: string;
}

/** What a device sends. */
export interface ObservationMessage {
  /** Media time as the device gives it; not checked yet. */
  readonly claimedMs: number;
  readonly content:
    | { readonly type: 'face'; readonly bytes: Uint8Array }
    | { readonly type: 'voice'; readonly audio: VoiceContent }
    | { readonly type: 'text'; readonly text: TextContent }
    | { readonly type: 'finished' }
    | { readonly type: 'empty' };
}

/** An observation that could not be used. */
export interface Refusal {
  readonly claimedMs: number;
  /** Of docs/errors.md. */
  readonly code: string;
  readonly message: string;
}
