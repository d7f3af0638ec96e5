import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { CloudEvent } from '@parley/examples';
import type { ReceivedEvent } from './subscriber-log.ts';

/**
 * What an endpoint does with deliveries: takes them; refuses them; leaves the sender without an answer; or takes them and
 * breaks the connection off each second time, so that the sender cannot know.
 */
export type Manner = 'takes' | 'refuses' | 'hangs' | 'breaks off';

export interface Endpoint {
  readonly url: string;
  manner: Manner;
  /** Known once the subscription is made; until then deliveries are refused. */
  secret: string | undefined;
  /** Verified deliveries that it took. */
  onEvent: (event: ReceivedEvent) => void;
  /** Deliveries that it took. */
  taken: number;
  /** Those whose signature was not right. */
  unverified: number;
}

export interface Endpoints {
  /** One more, on a path of its own. */
  add(name: string): Endpoint;
  close(): Promise<void>;
}

/** Receivers of webhooks as users write them, with the stock package, all on one port of loopback. */
export async function startEndpoints(port: number): Promise<Endpoints> {
  const endpoints = new Map<string, Endpoint>();
  const server = createServer((request, response) => {
    const endpoint = endpoints.get(request.url ?? '');
    if (endpoint === undefined) response.writeHead(404).end();
    else void receive(endpoint, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    add: (name) => {
      const endpoint: Endpoint = { url: `http://127.0.0.1:${port}/${name}`, manner: 'takes', secret: undefined, onEvent: () => undefined, taken: 0, unverified: 0 };
      endpoints.set(`/${name}`, endpoint);
      return endpoint;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { manner, secret } = endpoint;
  if (manner === 'hangs') return;
  if (manner === 'refuses' || secret === undefined) return void response.writeHead(503).end();
  const event = verified(secret, Buffer.concat(parts).toString(), request);
  if (event === undefined) {
    endpoint.unverified += 1;
    return void response.writeHead(401).end();
  }
  endpoint.onEvent(event);
  endpoint.taken += 1;
  if (manner === 'breaks off' && endpoint.taken % 2 === 0) response.destroy();
  else response.writeHead(204).end();
}

function verified(secret: string, body: string, { headers }: IncomingMessage): ReceivedEvent | undefined {
  try {
    const { id, source, sequence, type } = new Webhook(secret).verify(body, headers as Record<string, string>) as CloudEvent;
    return id === headers['webhook-id'] ? { id, source, sequence: BigInt(sequence), type } : undefined;
  } catch {
    return undefined;
  }
}
