import { toParleyError, type ParleyError } from '@parley/errors';
import type { UpgradeHandler } from '@parley/lifecycle';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientConnection } from '../streaming/client-connection.ts';
import type { EventEdge } from '../usecases/event-edge.ts';
import { queryFieldNames, readStreamRequest } from './stream-request.ts';
import { webGrant, type WebGrantPorts } from './web-grant.ts';
import { encodeWebSocket, subprotocol } from './websocket-message.ts';

/** Clients have nothing to say. */
const largestMessageBytes = 1_024;
/** What may wait to be sent before a client counts as having no room. */
const highWaterBytes = 64 * 1_024;
/** How long a client may take to answer the closing handshake. */
const closeMs = 2_000;

export interface WebSocketOptions {
  /** How often a client is asked for a sign of life. */
  readonly pingMs: number;
  /** One that gives none for so long is cut off. */
  readonly stallMs: number;
}

/** `GET /v1/events` with an upgrade to WebSocket (RFC 6455). What is refused is refused before the upgrade, as over SSE. */
export function webSocketRoute(edge: EventEdge, grants: WebGrantPorts, options: WebSocketOptions): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: largestMessageBytes,
    handleProtocols: (offered) => offered.has(subprotocol) && subprotocol,
  });
  return async ({ request, socket, head, url }) => {
    const grant = await webGrant(request, url.searchParams, grants);
    const stream = await edge.open({ grant, ...readStreamRequest(url.searchParams, undefined), fieldNames: queryFieldNames });
    const client = await new Promise<WebSocket>((resolve) => server.handleUpgrade(request, socket, head, resolve));
    client.on('error', () => client.terminate());
    const pinging = keepAlive(client, options);
    try {
      await stream.follow(connectionOf(client));
      client.close();
    } catch (error) {
      const known = toParleyError(error);
      client.close(closeCode(known), known.code);
    } finally {
      clearInterval(pinging);
      setTimeout(() => client.terminate(), closeMs).unref();
    }
  };
}

function connectionOf(client: WebSocket): ClientConnection {
  const gone = new AbortController();
  client.once('close', () => gone.abort());
  if (client.readyState !== client.OPEN) gone.abort();
  let sent: Promise<void> = Promise.resolve();
  return {
    transport: 'websocket',
    signal: gone.signal,
    send: (batch) => {
      if (gone.signal.aborted) return true;
      const texts = batch.encoded(encodeWebSocket);
      texts.forEach((text, index) => {
        if (index < texts.length - 1) client.send(text);
        // What is sent last has left this process last.
        else sent = new Promise((resolve) => client.send(text, () => resolve()));
      });
      return client.bufferedAmount < highWaterBytes;
    },
    room: () => sent,
  };
}

/**
 * A peer that vanished without a word would be written to for a quarter of an hour. One that has no room is waited for by
 * whoever has something for it, and cannot answer before it has read what is in front of the question.
 */
function keepAlive(client: WebSocket, { pingMs, stallMs }: WebSocketOptions): NodeJS.Timeout {
  let askedAtMs: number | undefined;
  client.on('pong', () => {
    askedAtMs = undefined;
  });
  return setInterval(() => {
    if (client.bufferedAmount >= highWaterBytes) return;
    const nowMs = performance.now();
    askedAtMs ??= nowMs;
    if (nowMs - askedAtMs >= stallMs) client.terminate();
    else client.ping();
  }, pingMs);
}

/** RFC 6455, 7.4.1, and the registry: going away, try again later, internal error, policy violation. */
function closeCode({ code, row }: ParleyError): number {
  if (code === 'shutting_down') return 1001;
  if (row.retry) return 1013;
  return row.grpc === 'INTERNAL' ? 1011 : 1008;
}
