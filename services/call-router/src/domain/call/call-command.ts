import type { ErrorCode } from '@parley/errors';
import type { Verb } from '../twiml/verb.ts';
import type { ApplicationLinks } from './call-state.ts';
import type { ChargeAuthorization } from './policy.ts';

/** A device called in, or the API calls a device. Billing was asked before: it cannot be while the call exists. */
export interface PlaceCall {
  readonly kind: 'place_call';
  readonly callId: string;
  readonly accountId: string;
  readonly application: ApplicationLinks;
  readonly direction: 'inbound' | 'outbound-api';
  readonly from: string;
  readonly to: string;
  /** The device's, when it placed the call. */
  readonly requestId?: string;
  /** The user of the device that calls consents to being observed. */
  readonly consents: boolean;
  /** How long an outbound call rings. */
  readonly ringTimeoutMs: number;
  readonly authorization:
    | { readonly kind: 'free' }
    | { readonly kind: 'granted'; readonly charge: ChargeAuthorization }
    | { readonly kind: 'refused' };
}

/** What the device on a leg said, or what became of it. */
export type DeviceCommand =
  | { readonly kind: 'report_ringing'; readonly legId: string }
  | { readonly kind: 'answer'; readonly legId: string; readonly consents: boolean }
  | { readonly kind: 'decline'; readonly legId: string }
  | { readonly kind: 'hang_up'; readonly legId: string }
  | { readonly kind: 'send_digits'; readonly legId: string; readonly digits: string }
  | { readonly kind: 'send_text'; readonly legId: string; readonly text: string }
  | { readonly kind: 'start_video'; readonly legId: string }
  | { readonly kind: 'stop_video'; readonly legId: string }
  | { readonly kind: 'device_unreachable'; readonly legId: string }
  | { readonly kind: 'device_lost'; readonly legId: string };

/** What became of a request for instructions, or of a verb that runs outside. `turn` says which one. */
export type ProgramCommand =
  | { readonly kind: 'instructions_received'; readonly turn: number; readonly verbs: readonly Verb[]; readonly durationMs: number }
  | {
      readonly kind: 'instructions_missing';
      readonly turn: number;
      readonly code: ErrorCode;
      readonly twilioCode: number;
      readonly httpStatus: number;
    }
  | { readonly kind: 'speech_ended'; readonly turn: number; readonly code: ErrorCode | '' };

/** Through the API, in mid-call. */
export type ApiCommand =
  | {
      readonly kind: 'update';
      readonly requestId: string;
      readonly change: { readonly kind: 'document'; readonly verbs: readonly Verb[] } | { readonly kind: 'url'; readonly url: string } | { readonly kind: 'hang_up' };
    }
  | { readonly kind: 'publish_application_event'; readonly requestId: string; readonly name: string; readonly dataJson: string };

export type ChargeCommand =
  | { readonly kind: 'grant_extended'; readonly untilMs: number }
  | { readonly kind: 'grant_not_extended' };

export type CallCommand =
  | PlaceCall
  | DeviceCommand
  | ProgramCommand
  | ApiCommand
  | ChargeCommand
  | { readonly kind: 'status_callback_settled'; readonly number: number }
  /** Some deadline may have passed. */
  | { readonly kind: 'time_passed' }
  /** The router that held the call is gone, or shuts down. */
  | { readonly kind: 'router_lost' };
