import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { CloudEvent } from './subscribers.ts';

/** Of a subscription: a path on the receiver. */
export interface Endpoint {
  readonly path: string;
}

export interface ReceivedWebhook {
  readonly path: string;
  readonly id: string;
  readonly event: CloudEvent;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** What it was answered. */
  readonly status: number;
}

export interface Receiver {
  /** Paths below it are endpoints of their own. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Verified with the stock package, in the order in which they came. */
  readonly received: readonly ReceivedWebhook[];
  /** Requests that did not verify. */
  readonly refused: readonly unknown[];
  /** Decides the answer to a request; 200 unless it is set. */
  answer: (webhook: Omit<ReceivedWebhook, 'status'>) => Answer | Promise<Answer>;
  /** Of a subscription: ids of events that it answered with 2xx, each once, sorted. */
  idsFor(hook: Endpoint): string[];
  /** The same in the order in which they were first answered with 2xx. */
  orderFor(hook: Endpoint): string[];
  accountsFor(hook: Endpoint): string[];
  /** All that came for it, repeats and refusals included. */
  allFor(hook: Endpoint): ReceivedWebhook[];
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A webhook receiver as a user would write it, on one port. It knows each endpoint's secret by its path. */
export async function startReceiver(port = 0, secrets: Map<string, string> = knownSecrets): Promise<Receiver> {
  const received: ReceivedWebhook[] = [];
  const refused: unknown[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => void answer(Buffer.concat(parts).toString()));
    const answer = async (body: string) => {
      const path = request.url ?? '';
      try {
        const requestHeaders = request.headers as Record<string, string>;
        const event = new Webhook(secrets.get(path) ?? '').verify(body, requestHeaders) as CloudEvent;
        const webhook = { path, id: String(request.headers['webhook-id']), event, headers: requestHeaders, body };
        const { status, headers = {}, body: answered = 'thank you' } = await receiver.answer(webhook);
        received.push({ ...webhook, status });
        response.writeHead(status, headers).end(answered);
      } catch (error) {
        refused.push(error);
        response.writeHead(400).end();
      }
    };
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const orderFor = ({ path }: Endpoint) => [...new Set(received.filter((one) => one.path === path && one.status < 300).map((one) => one.id))];
  const receiver: Receiver = {
    url: `http://127.0.0.1:${bound}`,
    host: `127.0.0.1:${bound}`,
    port: bound,
    received,
    refused,
    answer: () => ({ status: 200 }),
    idsFor: (hook) => orderFor(hook).sort(),
    orderFor,
    accountsFor: ({ path }) => [...new Set(received.filter((one) => one.path === path).map((one) => one.event.source.split('/')[1]!))],
    allFor: ({ path }) => received.filter((one) => one.path === path),
    stop: () => close(server),
  };
  return receiver;
}

/** By path; subscribeWebhook puts them here. */
export const knownSecrets = new Map<string, string>();

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
