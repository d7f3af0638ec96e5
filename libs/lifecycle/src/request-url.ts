import type { IncomingMessage } from 'node:http';
import { parleyError } from '@parley/errors';

/** @throws ParleyError `request.malformed` */
export function requestUrl(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://localhost');
  } catch (error) {
    throw parleyError('request.malformed', 'the request target is not a URL', { cause: error });
  }
}
