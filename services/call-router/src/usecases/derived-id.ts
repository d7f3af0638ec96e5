import { createHash, randomBytes } from 'node:crypto';
import { invalidArgument } from '@parley/errors';

/** Printable and without spaces, as it becomes a header of events (ce-causationid): a line break there cannot be sent. */
const requestIdPattern = /^[\x21-\x7e]{1,128}$/;

/** A fresh CallSid. */
export function newLegId(): string {
  return `CA${randomBytes(16).toString('hex')}`;
}

/**
 * An id that the same request always gets, on whichever replica: the database then tells a repeat from a new one.
 * @param prefix CA of a call, AP of an application
 * @param scope who may use the same request id for something else: account, and device where it is the device's
 */
export function derivedId(prefix: 'CA' | 'AP', scope: readonly string[], requestId: string): string {
  const hash = createHash('sha256').update(JSON.stringify([...scope, requestId]));
  return `${prefix}${hash.digest('hex').slice(0, 32)}`;
}

/** @throws ParleyError request.invalid_argument */
export function checkRequestId(requestId: string): void {
  if (!requestIdPattern.test(requestId)) {
    throw invalidArgument([{ field: 'request_id', description: 'must be 1 to 128 printable ASCII characters without spaces' }]);
  }
}
