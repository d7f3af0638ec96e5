import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** What an error says, as JSON. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
}

/** Answers on a connection for which there is no response object, and ends it. */
export function answerRaw(socket: Duplex & { destroySoon?: () => void }, status: number, error: ErrorBody): void {
  const body = JSON.stringify(error);
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.destroySoon?.();
}
