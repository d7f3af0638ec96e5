import type { EndCause, FinalStatus, Party } from './leg.ts';

/** What a device is told, whatever protocol it speaks. `legId` is always the device's own leg. */
export type DeviceMessage =
  | { readonly kind: 'call_placed'; readonly requestId: string; readonly callId: string; readonly legId: string }
  | { readonly kind: 'incoming_call'; readonly callId: string; readonly legId: string; readonly from: string; readonly to: string }
  /** The far end rings. */
  | { readonly kind: 'leg_ringing'; readonly legId: string }
  | { readonly kind: 'leg_answered'; readonly legId: string }
  | { readonly kind: 'leg_bridged'; readonly legId: string; readonly otherLegId: string }
  | { readonly kind: 'leg_ended'; readonly legId: string; readonly status: FinalStatus; readonly cause: EndCause }
  | { readonly kind: 'digits_received'; readonly legId: string; readonly digits: string }
  | { readonly kind: 'text_received'; readonly legId: string; readonly text: string }
  /** None starts again. */
  | { readonly kind: 'video_ended'; readonly legId: string; readonly cause: EndCause }
  /** The token lets the device send observations of its counterpart to recognition. */
  | { readonly kind: 'observation_granted'; readonly legId: string; readonly token: string; readonly party: Party; readonly mediaOriginMs: number };
