import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Job } from '../job.ts';

/**
 * A receiver that answers each POST with 204. `GET /expect?count=n` is answered once n more have come, with the time from
 * the first of them to the last as `{"elapsedMs"}`.
 */
export const receiveWebhooks: Job<{ readonly port: number }, void> = async ({ port }, control) => {
  let expected = 0;
  let received = 0;
  let firstMs = 0;
  let asker: ServerResponse | undefined;
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      expected = Number(new URL(request.url!, 'http://localhost').searchParams.get('count'));
      received = 0;
      asker = response;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      return;
    }
    request.resume();
    request.on('end', () => {
      response.writeHead(204).end();
      if (received === 0) firstMs = performance.now();
      received += 1;
      if (received === expected) asker?.end(JSON.stringify({ elapsedMs: performance.now() - firstMs }));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  control.ready({ port: (server.address() as AddressInfo).port });
  await new Promise(() => undefined);
};
