import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { parleyError } from '@parley/errors';
import { bearerToken, requireScope, type Verifier } from '@parley/grpc';
import type { HttpHandler, HttpRequest } from '@parley/lifecycle';
import { toCloudEventJson } from '../bus/convert.ts';
import type { EventEdge } from '../usecases/event-edge.ts';
import type { SubscriberMessage } from '../usecases/follow-events.ts';
import { formatRetry, formatSse } from './sse-message.ts';
import { queryFieldNames, readSseRequest } from './sse-request.ts';

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
export function sseRoute(edge: EventEdge, verifier: Verifier): HttpHandler {
  return async (http) => {
    const { request, response, url } = http;
    for (const [name, value] of Object.entries(crossOrigin)) response.setHeader(name, value);
    const identity = await verifier.verify(tokenOf(http));
    requireScope(identity, 'api');
    const lastEventId = request.headers['last-event-id'];
    const { filter, cursor } = readSseRequest(url.searchParams, typeof lastEventId === 'string' ? lastEventId : undefined);
    const stream = await edge.open({ identity, filter, cursor, fieldNames: queryFieldNames });
    begin(response);
    await stream.follow({ transport: 'sse', signal: http.signal, send: (message) => send(response, message, http.signal) });
    response.end();
  };
}

/** `OPTIONS /v1/events`: what a browser asks before it sends an Authorization header to another origin. */
export const ssePreflightRoute: HttpHandler = ({ response }) => {
  response.writeHead(204, crossOrigin).end();
};

/** An EventSource can set no header: it sends its token as a parameter (RFC 6750, 2.3), which is logged nowhere. */
function tokenOf({ request, url }: HttpRequest): string {
  const parameter = url.searchParams.get('access_token');
  return request.headers.authorization === undefined && parameter !== null ? parameter : bearerToken(request.headers.authorization);
}

function begin(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Nothing follows a stream on its connection, and a shutdown need not wait for it.
    connection: 'close',
    // A proxy that gathers the answer would hold events back.
    'x-accel-buffering': 'no',
  });
  response.write(formatRetry(retryMs));
}

async function send(response: ServerResponse, { cursor, event }: SubscriberMessage, signal: AbortSignal): Promise<void> {
  const text = formatSse({ cursor, event: event === undefined ? undefined : { type: event.type, json: toCloudEventJson(event) } });
  if (response.write(text)) return;
  await once(response, 'drain', { signal }).catch(() => {
    throw parleyError('request.cancelled', 'the client went away');
  });
}
