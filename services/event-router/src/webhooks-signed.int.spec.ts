import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { testRouters } from './test-support/started-router.ts';
import { subscribeWebhook } from './test-support/webhook-subscriptions.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `http://${host}`;
  await routers.start({ EGRESS_ALLOW: host });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a webhook is signed with each key that is in force: shared secrets for the stock package, ed25519 for who holds the public key', async () => {
  const pair = generateKeyPairSync('ed25519');
  const privateKey = `whsk_${Buffer.from(pair.privateKey.export({ format: 'jwk' }).d!, 'base64url').toString('base64')}`;
  const [current, former, expired] = Array.from({ length: 3 }, () => `whsec_${randomBytes(32).toString('base64')}`);
  const hook = await subscribeWebhook(nats.bus, { url });
  await hook.update({
    signingKeys: [
      { keyId: '4', secret: privateKey },
      { keyId: '3', secret: current! },
      { keyId: '2', secret: former!, expireTime: new Date(Date.now() + 3_600_000) },
      { keyId: '1', secret: expired!, expireTime: new Date(Date.now() - 1) },
    ],
  });
  const isRotated = () => received.some(({ headers }) => String(headers['webhook-signature']).startsWith('v1a,'));
  await eventually(async () => {
    await testCall(nats.bus).publish('call');
    expect(isRotated()).toBe(true);
  });
  const { headers, body } = received.find((one) => String(one.headers['webhook-signature']).startsWith('v1a,'))!;
  const signatures = String(headers['webhook-signature']).split(' ');
  expect(signatures.map((one) => one.split(',')[0])).toEqual(['v1a', 'v1', 'v1']);
  for (const secret of [current!, former!]) expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
  for (const secret of [expired!, hook.secret]) expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).toThrow();
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  expect(verify(null, Buffer.from(content), pair.publicKey, Buffer.from(signatures[0]!.slice(4), 'base64'))).toBe(true);
  await hook.delete();
});
