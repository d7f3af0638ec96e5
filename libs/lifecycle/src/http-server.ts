import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { toParleyError, parleyError, type ParleyError } from '@parley/errors';
import { attributeNames, logger, traceparentHeader, withSpan, type Telemetry } from '@parley/telemetry';
import type { Scope } from './scope.ts';
import { requestUrl } from './request-url.ts';
import { refuseUnread } from './unread-request.ts';
import { serveUpgrades, type UpgradeHandler } from './upgrades.ts';

const log = logger('http');

/** How long requests in flight may go on at shutdown before their connections are cut. */
const drainMs = 5_000;

/** A request that drips in is cut off: node looks for overdue ones at that interval. */
const timeouts = { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };

export interface HttpRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Aborted when the client goes away or the shutdown begins. */
  readonly signal: AbortSignal;
}

/** Answers a request; resolves when the answer is complete. What it throws is sent as the code's JSON, see sendError. */
export type HttpHandler = (request: HttpRequest) => Promise<void> | void;

export interface HttpOptions {
  /** Address to listen on; loopback by default. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly telemetry: Pick<Telemetry, 'metricsHandler'>;
  /** By method and exact path, e.g. `GET /v1/events`. */
  readonly routes?: Readonly<Record<string, HttpHandler>>;
  /** By exact path: requests for another protocol. */
  readonly upgrades?: Readonly<Record<string, UpgradeHandler>>;
}

export interface HttpServer {
  readonly port: number;
}

/** Serves /livez, /readyz, /metrics and the routes; stops with the scope. */
export async function startHttp(scope: Scope, { host = '127.0.0.1', port, telemetry, routes = {}, upgrades }: HttpOptions): Promise<HttpServer> {
  const plain: Record<string, HttpHandler> = {
    'GET /livez': ({ response }) => void response.end('ok\n'),
    'GET /readyz': ({ response }) => sendReadiness(scope, response),
    'GET /metrics': ({ request, response }) => telemetry.metricsHandler(request, response),
  };
  const answered = new WeakSet<Duplex>();
  const server = createServer(timeouts, (request, response) => {
    answered.add(request.socket);
    void answer(scope, plain, routes, request, response);
  });
  server.on('clientError', (error, socket) => refuseUnread(error, socket, answered.has(socket)));
  if (upgrades !== undefined) serveUpgrades(server, upgrades);
  await listen(server, port, host);
  scope.onStop('http server', () => close(server), { boundMs: drainMs + 1_000 });
  return { port: (server.address() as AddressInfo).port };
}

async function answer(
  scope: Scope,
  plain: Readonly<Record<string, HttpHandler>>,
  routes: Readonly<Record<string, HttpHandler>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, scope.signal]);
  try {
    const url = requestUrl(request);
    const key = `${request.method} ${url.pathname}`;
    const handled: HttpRequest = { request, response, url, signal };
    if (Object.hasOwn(plain, key)) {
      await plain[key]?.(handled);
      return;
    }
    const route = Object.hasOwn(routes, key) ? routes[key] : undefined;
    if (route === undefined) {
      throw parleyError('not_found.route', 'there is nothing at this path');
    }
    await traced(key, handled, route);
  } catch (error) {
    sendError(response, toParleyError(error));
  }
}

function traced(key: string, handled: HttpRequest, route: HttpHandler): Promise<void> {
  const { request, response } = handled;
  const parent = request.headers[traceparentHeader];
  const attributes = { [attributeNames.httpMethod]: request.method ?? '', [attributeNames.httpRoute]: handled.url.pathname };
  return withSpan(
    key,
    attributes,
    async (span) => {
      await route(handled);
      span.setAttribute(attributeNames.httpStatus, response.statusCode);
    },
    { kind: 'server', parent: typeof parent === 'string' ? parent : undefined },
  );
}

/** Sends an error as `{"code", "message", "details"}` with the table's status; ends an answer that has begun. */
export function sendError(response: ServerResponse, error: ParleyError): void {
  log[error.row.log]({ err: error.row.log === 'error' ? error : undefined, code: error.code }, 'request failed');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ code: error.code, message: error.message, details: error.details });
  response.writeHead(error.row.http, { 'content-type': 'application/json; charset=utf-8' }).end(body);
}

function sendReadiness(scope: Scope, response: ServerResponse): void {
  const reasons = scope.notReadyBecause();
  response.writeHead(reasons.length === 0 ? 200 : 503, { 'content-type': 'text/plain' });
  response.end(reasons.length === 0 ? 'ready\n' : `not ready: ${reasons.join(', ')}\n`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), drainMs);
  // A connection whose last answer ends only now would otherwise stay for as long as it is kept alive.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  } finally {
    clearTimeout(cut);
    clearInterval(idle);
  }
}
