import type { EventClass } from './event-class.ts';
import type { RequestKey } from './request-key.ts';

/** What an application server makes verification tokens with. */
export interface VerificationKey {
  readonly keyId: string;
  /** base64url of 32 bytes. */
  readonly secret: string;
  readonly createTimeMs: number;
  readonly request: RequestKey;
}

export interface RevokedToken {
  readonly tokenId: string;
  /** Until then it is to be refused; from then on it is so anyway. */
  readonly expireTimeMs: number;
}

/** How long subscribers can get the events of each class, in milliseconds. */
export type Retention = Readonly<Record<EventClass, number>>;

/** What holds for all subscribers of an account. */
export interface AccountSettings {
  /** Those that are in force. */
  readonly verificationKeys: readonly VerificationKey[];
  readonly revokedTokens: readonly RevokedToken[];
  readonly retentionMs: Retention;
}

export const mostVerificationKeys = 10;
/** Bounds what is announced of an account with each change of its settings. */
export const mostRevokedTokens = 1_000;
export const shortestRetentionMs = 60_000;
/** What the event streams keep. */
export const longestRetentionMs = 7 * 24 * 3600 * 1_000;

/** Of an account that never set anything. */
export const defaultSettings: AccountSettings = {
  verificationKeys: [],
  revokedTokens: [],
  retentionMs: { call: longestRetentionMs, reaction: longestRetentionMs, billing: longestRetentionMs },
};
