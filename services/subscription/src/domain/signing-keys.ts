import { parleyError } from '@parley/errors';
import type { RequestKey } from './request-key.ts';

/** Of Standard Webhooks: v1 and v1a. */
export type SignatureScheme = 'hmac-sha256' | 'ed25519';

/** A key that webhooks are signed with. */
export interface SigningKey {
  readonly keyId: string;
  /** Standard Webhooks: `whsec_` of a shared secret, `whsk_` of a private key. */
  readonly secret: string;
  /** `whpk_`; empty for a shared secret. */
  readonly publicKey: string;
  readonly createTimeMs: number;
  /** It signs until then; unset: until it is rotated. */
  readonly expireTimeMs?: number;
  /** The rotation that made it. */
  readonly request?: RequestKey;
}

/** How many keys may sign at a time: each is a signature in a header of every delivery. */
export const mostSigningKeys = 5;

/** Those that sign at the time. */
export function keysInForce(keys: readonly SigningKey[], nowMs: number): readonly SigningKey[] {
  return keys.filter(({ expireTimeMs }) => expireTimeMs === undefined || expireTimeMs > nowMs);
}

/**
 * Puts a key in front of the others, which sign until the overlap is over; one that was to end before that still does.
 * @throws ParleyError `webhook.key_limit`
 */
export function rotate(keys: readonly SigningKey[], added: SigningKey, overlapMs: number): readonly SigningKey[] {
  const nowMs = added.createTimeMs;
  const endMs = nowMs + overlapMs;
  const ending = keys.map((key) => ({ ...key, expireTimeMs: Math.min(key.expireTimeMs ?? endMs, endMs) }));
  const rotated = [added, ...keysInForce(ending, nowMs)];
  if (rotated.length > mostSigningKeys) {
    throw parleyError('webhook.key_limit', `${mostSigningKeys} keys sign at a time; wait until one has ended, or rotate without overlap`);
  }
  return rotated;
}
