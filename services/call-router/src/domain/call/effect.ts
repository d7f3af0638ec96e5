import type { InstructionRequest, PendingCallback } from './call-state.ts';
import type { DeviceMessage } from './device-message.ts';
import type { StartedVideo } from './video.ts';

/** Something to be done outside, as data. What comes of it returns as a command. */
export type Effect =
  | { readonly kind: 'fetch_instructions'; readonly turn: number; readonly request: InstructionRequest }
  | { readonly kind: 'say'; readonly turn: number; readonly legId: string; readonly text: string; readonly loop: number }
  | { readonly kind: 'stop_saying' }
  | { readonly kind: 'ring_device'; readonly legId: string }
  | { readonly kind: 'tell_device'; readonly legId: string; readonly message: DeviceMessage }
  | { readonly kind: 'grant_observation'; readonly legId: string; readonly video: StartedVideo }
  | { readonly kind: 'extend_grant' }
  | { readonly kind: 'post_status_callback'; readonly callback: PendingCallback };
