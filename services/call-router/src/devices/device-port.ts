import type { ErrorCode } from '@parley/errors';
import type { DeviceCommand } from '../domain/call/call-command.ts';
import type { DeviceMessage } from '../domain/call/device-message.ts';

/** A command of the device that was not carried out. */
export interface Refusal {
  /** Empty where it was about no leg. */
  readonly legId: string;
  /** The device's, of a call that it wanted to place; else empty. */
  readonly requestId: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * A connected device, whatever protocol it speaks (gRPC now). None of these waits or throws: a device that does not take
 * what it is told is lost, and its connection's end says so.
 */
export interface DevicePort {
  readonly accountId: string;
  readonly address: string;
  deliver(message: DeviceMessage): void;
  /** 20 ms of 16 kHz mono PCM, signed 16 bit little-endian. A device that is slow misses some. */
  play(legId: string, pcm: Buffer): void;
  registered(routerInstance: string): void;
  refuse(refusal: Refusal): void;
  /** This router shuts down: the device should connect elsewhere. */
  draining(): void;
  /** Ends the connection. */
  close(code: ErrorCode, message: string): void;
}

/** What a device says. */
export type DeviceIntent =
  | { readonly kind: 'register' }
  | { readonly kind: 'place_call'; readonly requestId: string; readonly to: string; readonly consents: boolean }
  | { readonly kind: 'command'; readonly command: DeviceCommand }
  | { readonly kind: 'audio'; readonly legId: string; readonly pcm: Buffer };

/** 20 ms at 16 kHz, two bytes a sample. */
export const audioFrameBytes = 640;
