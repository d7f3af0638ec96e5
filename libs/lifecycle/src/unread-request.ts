import type { Duplex } from 'node:stream';
import { parleyError, type ErrorCode } from '@parley/errors';
import { logger } from '@parley/telemetry';
import { answerRaw } from './raw-answer.ts';

const log = logger('http');

/** By node's code of what was wrong: its status, more telling than the table's, and ours. */
const refusals: Readonly<Record<string, readonly [status: number, code: ErrorCode, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'request.too_large', 'the request line and headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request.deadline_exceeded', 'the request did not arrive in time'],
};
const malformed = [400, 'request.malformed', 'this is not HTTP'] as const;

/**
 * Answers a request that could not be read, as far as the client can be answered at all, and ends its connection.
 * @param hasAnswer whether an answer has begun on the connection: nothing may be written into it.
 */
export function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex & { destroySoon?: () => void }, hasAnswer: boolean): void {
  if (!socket.writable || hasAnswer || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, message] = refusals[error.code ?? ''] ?? malformed;
  log.info({ code }, 'a request could not be read');
  answerRaw(socket, status, { code, message, details: parleyError(code, message).details });
}
