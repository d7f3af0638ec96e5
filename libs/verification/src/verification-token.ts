import { timingSafeEqual } from 'node:crypto';
import { parleyError } from '@parley/errors';
import { formatToken, parseToken, sealOf, tokenIdOf } from './token-text.ts';

/** Who may subscribe to what: what the hash is over (US 11889027, claims 2-7). */
export interface Subscribing {
  readonly accountId: string;
  /** URL of the stream without its query, as the client asks for it, e.g. `https://events.example.com/v1/events`. */
  readonly audience: string;
  /** The query's parameters that filter, sorted by name, as application/x-www-form-urlencoded, e.g. `call_id=CA1&types=call.*`. */
  readonly filter: string;
}

export interface TokenRequest extends Subscribing {
  readonly keyId: string;
  readonly secret: Uint8Array;
  /** Whole seconds count: it is rounded down. */
  readonly expiresAt: Date;
}

/** A key of the account. */
export interface VerificationKeySecret {
  readonly keyId: string;
  readonly secret: Uint8Array;
}

export interface Verification extends Subscribing {
  /** Those of the account that are in force. */
  readonly keys: readonly VerificationKeySecret[];
  /** Ids of the account's revoked tokens. */
  readonly revoked: { has(tokenId: string): boolean };
  readonly now: Date;
}

export interface VerifiedToken {
  readonly tokenId: string;
  readonly keyId: string;
  readonly expiresAt: Date;
}

/** How far ahead an expiry may be when the token is used. */
export const longestLifetimeMs = 24 * 3600 * 1_000;

/** Makes the token with which a client that holds no key may subscribe. */
export function makeVerificationToken({ secret, expiresAt, ...subscribing }: TokenRequest): string {
  const fields = { ...subscribing, expirySeconds: Math.floor(expiresAt.getTime() / 1_000) };
  const token = formatToken({ ...fields, seal: sealOf(secret, fields) });
  parseToken(token);
  return token;
}

/**
 * Whether a token lets its bearer subscribe. The seal is looked at before anything else is said of it, so that a forged
 * one is not told more than that it is forged.
 * @throws ParleyError `verification.malformed`, `verification.revoked` (the token, or its key is not in force),
 *   `verification.mismatch`, `verification.expired` (or expires later than `longestLifetimeMs` from now)
 */
export function verifyVerificationToken(token: string, { keys, revoked, now, ...subscribing }: Verification): VerifiedToken {
  const text = parseToken(token);
  const { keyId, expirySeconds, seal } = text;
  const key = keys.find((one) => one.keyId === keyId);
  if (key === undefined) throw parleyError('verification.revoked', 'the key of the verification token is not, or no longer, one of the account');
  // Texts, not decoded bytes: several texts decode to the same bytes, and a revocation names the text.
  if (!timingSafeEqual(Buffer.from(sealOf(key.secret, { ...subscribing, keyId, expirySeconds })), Buffer.from(seal))) {
    throw parleyError('verification.mismatch', 'the verification token was made for another account, URL or filter, or with another key');
  }
  const tokenId = tokenIdOf(text);
  if (revoked.has(tokenId)) throw parleyError('verification.revoked', 'the verification token was revoked');
  const expiresAt = new Date(expirySeconds * 1_000);
  assertInForce(expiresAt, now);
  return { tokenId, keyId, expiresAt };
}

/**
 * What can be said of a token without knowing what it is for: to revoke it.
 * @throws ParleyError `verification.malformed`
 */
export function readVerificationToken(token: string): VerifiedToken {
  const text = parseToken(token);
  return { tokenId: tokenIdOf(text), keyId: text.keyId, expiresAt: new Date(text.expirySeconds * 1_000) };
}

function assertInForce(expiresAt: Date, now: Date): void {
  const leftMs = expiresAt.getTime() - now.getTime();
  if (leftMs <= 0) throw parleyError('verification.expired', 'the verification token has expired');
  if (leftMs > longestLifetimeMs) throw parleyError('verification.expired', 'the verification token expires later than in 24 hours, which is not taken');
}
