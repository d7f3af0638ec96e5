import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { toParleyError, type ParleyError } from '@parley/errors';
import type { HttpHandler } from '@parley/lifecycle';
import type { ClientConnection } from '../streaming/client-connection.ts';
import type { EventEdge } from '../usecases/event-edge.ts';
import { encodeSse, formatRetry } from './sse-message.ts';
import { queryFieldNames, readStreamRequest } from './stream-request.ts';
import { webGrant, type WebGrantPorts } from './web-grant.ts';

/** How long a client may take to read the end of its stream. */
const endMs = 2_000;

/** How long a browser waits before it reconnects. */
const retryMs = 1_000;

/** Nothing here goes by cookies: a page of any origin may read events with a token that it was given. */
const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, last-event-id',
  'access-control-allow-methods': 'GET',
  'access-control-max-age': '86400',
};

/** `GET /v1/events`: server-sent events (HTML Living Standard, 9.2). Errors before the stream begins are JSON. */
export function sseRoute(edge: EventEdge, grants: WebGrantPorts): HttpHandler {
  return async ({ request, response, url }) => {
    for (const [name, value] of Object.entries(crossOrigin)) response.setHeader(name, value);
    const grant = await webGrant(request, url.searchParams, grants);
    const lastEventId = request.headers['last-event-id'];
    const asked = readStreamRequest(url.searchParams, typeof lastEventId === 'string' ? lastEventId : undefined);
    const stream = await edge.open({ grant, ...asked, fieldNames: queryFieldNames });
    begin(response);
    await stream.follow(sseConnection(response)).catch((error: unknown) => endWith(response, toParleyError(error)));
    response.end();
    // One that does not read would keep its connection.
    const cut = setTimeout(() => response.destroy(), endMs);
    response.once('close', () => clearTimeout(cut));
  };
}

/** `OPTIONS /v1/events`: what a browser asks before it sends an Authorization header to another origin. */
export const ssePreflightRoute: HttpHandler = ({ response }) => {
  response.writeHead(204, crossOrigin).end();
};

function begin(response: ServerResponse): void {
  // The body ends with the connection: nothing follows a stream on it, and a shutdown need not wait for it. (Chunks would
  // frame each message once more.)
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    connection: 'close',
    // A proxy that gathers the answer would hold events back.
    'x-accel-buffering': 'no',
  });
  response.write(formatRetry(retryMs));
}

/** Why a stream ends, as its last message. */
function endWith(response: ServerResponse, { code, message }: ParleyError): void {
  response.write(`event: stream.ended\ndata: ${JSON.stringify({ code, message })}\n\n`);
}

function sseConnection(response: ServerResponse): ClientConnection {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => gone.abort());
  return {
    transport: 'sse',
    signal: gone.signal,
    send: (batch) => gone.signal.aborted || response.write(batch.encoded(encodeSse)),
    room: () => roomIn(response, gone.signal),
  };
}

/** Resolves when the response has room, or its client has gone. */
async function roomIn(response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (!response.writableNeedDrain || gone.aborted) return;
  await once(response, 'drain', { signal: gone }).catch(() => undefined);
}
