import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { parleyError, toParleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import { answerRaw } from './raw-answer.ts';
import { requestUrl } from './request-url.ts';

const log = logger('http');

export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request already. */
  readonly head: Buffer;
  readonly url: URL;
}

/** Takes the connection over; resolves when it is through with it. What it throws before is answered as the code's JSON. */
export type UpgradeHandler = (upgrade: UpgradeRequest) => Promise<void>;

/** Serves requests for another protocol (RFC 9110, 7.8), by exact path. */
export function serveUpgrades(server: Server, upgrades: Readonly<Record<string, UpgradeHandler>>): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Nobody else listens: without this a client that resets its connection would end the process.
    socket.on('error', () => socket.destroy());
    void answer(upgrades, { request, socket, head });
  });
}

async function answer(upgrades: Readonly<Record<string, UpgradeHandler>>, asked: Omit<UpgradeRequest, 'url'>): Promise<void> {
  try {
    const url = requestUrl(asked.request);
    const handler = Object.hasOwn(upgrades, url.pathname) ? upgrades[url.pathname] : undefined;
    if (handler === undefined) throw parleyError('not_found.route', 'there is nothing at this path');
    await handler({ ...asked, url });
  } catch (error) {
    const { code, message, details, row } = toParleyError(error);
    log[row.log]({ err: row.log === 'error' ? error : undefined, code }, 'an upgrade was refused');
    if (asked.socket.writable) answerRaw(asked.socket, row.http, { code, message, details });
    else asked.socket.destroy();
  }
}
