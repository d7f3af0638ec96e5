import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectBus, declareStreams, type Bus } from '@parley/bus';
import { natsCredsFile, startNats, type TestServer } from '@parley/local';
import { eventually, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { testRouters } from './test-support/started-router.ts';
import { streamOverGrpc, streamOverSse } from './test-support/subscribers.ts';
import { startReceiver, type Receiver } from './test-support/webhook-receiver.ts';
import { subscribeWebhook } from './test-support/webhook-subscriptions.ts';

// A broker of its own: it is killed.
let dataDir: string;
let server: TestServer;
let platform: Bus;
let receiver: Receiver;
const login = (user: string) => ({ url: server.url, credsFile: natsCredsFile(user) });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-broker-'));
  server = await startNats({ dataDir });
  platform = await connectBus({ ...login('platform'), name: 'test' });
  await declareStreams(platform.nc, platform.jsm);
  receiver = await startReceiver();
});
afterAll(async () => {
  await platform.close();
  await server.stop();
  await receiver.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats: { login }, database, keys });

test('a broker that dies and comes back costs no subscriber an event, or its order', async () => {
  const router = await routers.start({ EGRESS_ALLOW: receiver.host });
  const token = await keys.token();
  const hook = await subscribeWebhook(platform, { url: receiver.url });
  const paused = await subscribeWebhook(platform, { url: receiver.url });
  const [grpc, sse] = [streamOverGrpc(router.client(token)), streamOverSse(router, token)];
  await Promise.all([grpc.open, sse.open]);
  const call = testCall(platform);
  const published: string[] = [];
  const publish = async (count: number) => {
    for (let index = 0; index < count; index += 1) published.push((await call.publish('call')).id);
  };
  await publish(5);
  await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(5));

  await server.kill();
  server = await startNats({ dataDir, port: server.port });
  await publish(5);
  for (const received of [grpc, sse]) {
    await eventually(() => expect(received.events.map((event) => event.id)).toEqual(published), { timeoutMs: 30_000 });
  }
  await eventually(() => expect(receiver.orderFor(hook)).toEqual(published), { timeoutMs: 30_000 });

  // What was changed is known again, too.
  await paused.update({ paused: true });
  await eventually(async () => {
    await publish(1);
    await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(published.length));
    expect(receiver.orderFor(paused).length).toBeLessThan(published.length);
  });
  await Promise.all([grpc.close(), sse.close()]);
  await router.stop();
}, 120_000);
