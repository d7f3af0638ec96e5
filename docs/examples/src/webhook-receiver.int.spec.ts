import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { receiveWebhooks } from './webhook-receiver.ts';

const secret = `whsec_${Buffer.from('a secret of the subscription').toString('base64')}`;
const receiver = await receiveWebhooks(0);
const { port } = receiver.server.address() as AddressInfo;
receiver.useSecret(secret);

afterAll(async () => {
  receiver.server.closeAllConnections();
  await new Promise((resolve) => receiver.server.close(resolve));
});

function deliver(body: string, signature: string, at: Date): Promise<Response> {
  const headers = { 'webhook-id': 'm1', 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)), 'webhook-signature': signature };
  return fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers });
}

test('a sender that breaks off in the middle of the body is no refusal, and the next delivery is taken', async () => {
  const broken = connect(port, '127.0.0.1');
  const asked = once(receiver.server, 'request');
  broken.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"id":');
  const [request] = (await asked) as [NodeJS.ReadableStream];
  const ended = new Promise((resolve) => request.once('close', resolve));
  broken.destroy();
  await ended;

  const [body, at] = [JSON.stringify({ id: 'e1' }), new Date()];
  expect((await deliver(body, new Webhook(secret).sign('m1', at, body), at)).status).toBe(204);
  expect((await deliver(body, 'v1,d3Jvbmc=', at)).status).toBe(401);
  expect(receiver.received).toEqual([{ id: 'e1' }]);
  expect(receiver.refused()).toBe(1);
});
