// A webhook endpoint, as a customer writes it: node:http and the stock `standardwebhooks` package.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** CloudEvents 1.0, structured mode, with the extension attributes that Parley adds. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The call id. */
  readonly subject: string;
  readonly time: string;
  /** Contiguous within the source; zero-padded text. */
  readonly sequence: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface WebhookReceiver {
  readonly server: Server;
  /** Verified deliveries, in order of arrival; a repeat has the same id. */
  readonly received: readonly CloudEvent[];
  /** Requests whose signature was not right. */
  readonly refused: () => number;
  /** The subscription's secret (`whsec_…`) is known only once the subscription was made. */
  useSecret(secret: string): void;
}

/** Takes deliveries on loopback; each is verified before it is believed. */
export async function receiveWebhooks(port: number, onEvent: (event: CloudEvent) => void = () => undefined): Promise<WebhookReceiver> {
  const received: CloudEvent[] = [];
  let refused = 0;
  let webhook: Webhook | undefined;

  const server = createServer((request, response) => {
    void (async () => {
      try {
        const body = await bodyOf(request);
        const event = webhook!.verify(body, request.headers as Record<string, string>) as CloudEvent;
        received.push(event);
        onEvent(event);
        response.writeHead(204).end();
      } catch {
        // A sender that broke off has nobody to be answered; it sends again.
        if (response.destroyed) return;
        refused += 1;
        response.writeHead(401).end();
      }
    })();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, received, refused: () => refused, useSecret: (secret) => (webhook = new Webhook(secret)) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
