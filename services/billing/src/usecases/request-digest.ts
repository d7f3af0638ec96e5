import { createHash } from 'node:crypto';

/** A function of the request: what is named by it is found again by a repeat after a crash. SHA-256, lower-case hex. */
export function requestDigest(accountId: string, requestId: string): string {
  return createHash('sha256').update(`${accountId}/${requestId}`).digest('hex');
}
