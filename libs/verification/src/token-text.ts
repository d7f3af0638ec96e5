import { createHash, createHmac } from 'node:crypto';
import { parleyError } from '@parley/errors';

/** What a token says and what it is sealed with: `v1.<key id>.<expiry>.<seal>`. */
export interface TokenText {
  readonly keyId: string;
  /** Seconds since 1970, UTC. */
  readonly expirySeconds: number;
  /** HMAC-SHA256, base64url without padding: 43 characters. */
  readonly seal: string;
}

/** What the seal is over. */
export interface SealedFields {
  readonly keyId: string;
  readonly accountId: string;
  /** URL of the stream without its query. */
  readonly audience: string;
  /** Text of the filter. */
  readonly filter: string;
  readonly expirySeconds: number;
}

const version = 'v1';

// One text a token: an expiry with a leading zero would be another text of the same token, which a revocation would miss.
const shape = /^v1\.([A-Za-z0-9_-]{1,64})\.([1-9][0-9]{0,10})\.([A-Za-z0-9_-]{43})$/;

/** @throws ParleyError `verification.malformed` */
export function parseToken(token: string): TokenText {
  const match = shape.exec(token);
  if (match === null) throw parleyError('verification.malformed', 'the verification token is not v1.<key id>.<expiry>.<seal>');
  return { keyId: match[1]!, expirySeconds: Number(match[2]), seal: match[3]! };
}

export function formatToken({ keyId, expirySeconds, seal }: TokenText): string {
  return `${version}.${keyId}.${expirySeconds}.${seal}`;
}

/** Each field goes with its length in front, so that no two lists of fields are the same bytes. */
export function sealOf(secret: Uint8Array, { keyId, accountId, audience, filter, expirySeconds }: SealedFields): string {
  const fields = [version, keyId, accountId, audience, filter, String(expirySeconds)];
  const content = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join('');
  return createHmac('sha256', secret).update(content).digest('base64url');
}

/** Names one token in a list of revoked ones; tells nothing of it. */
export function tokenIdOf(token: TokenText): string {
  return createHash('sha256').update(formatToken(token)).digest('base64url');
}
