import { createHash } from 'node:crypto';
import { invalidArgument } from '@parley/errors';
import type { RequestKey } from '../domain/request-key.ts';

const longestRequestId = 128;

/**
 * What a request is known by when it comes again.
 * @param body all that it asks for, in a fixed order.
 * @throws ParleyError `request.invalid_argument` for an id that is empty or too long.
 */
export function requestKey(requestId: string, body: unknown): RequestKey {
  if (requestId === '' || requestId.length > longestRequestId) {
    throw invalidArgument([{ field: 'request_id', description: `has to have 1 to ${longestRequestId} characters` }]);
  }
  return { requestId, digest: createHash('sha256').update(JSON.stringify(body)).digest('base64url') };
}
