import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { EndpointState } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { testRouters, type WebhookClient } from './test-support/started-router.ts';
import { startReceiver, type Receiver } from './test-support/webhook-receiver.ts';
import { subscribeWebhook, type NewWebhook, type WebhookHandle } from './test-support/webhook-subscriptions.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let receiver: Receiver;
let bad: Server;
let misbehave: RequestListener = () => undefined;
let badUrl: string;
let client: WebhookClient;
const hooks: WebhookHandle[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
  bad = createServer((request, response) => misbehave(request, response));
  await new Promise<void>((resolve) => {
    bad.listen(0, '127.0.0.1', resolve);
  });
  const badHost = `127.0.0.1:${(bad.address() as AddressInfo).port}`;
  badUrl = `http://${badHost}`;
  const router = await routers.start({
    EGRESS_ALLOW: [receiver.host, badHost].join(),
    WEBHOOK_SCHEDULE: '0s,50ms,50ms',
    WEBHOOK_TIMEOUT_MS: '300',
    WEBHOOK_MAX_BYTES: '4096',
    WEBHOOK_CIRCUIT_FAILURES: '4',
    WEBHOOK_CIRCUIT_PAUSES: '1s,2s',
  });
  client = router.webhookClient(await keys.token());
});
afterEach(async () => {
  receiver.answer = () => ({ status: 200 });
  for (const hook of hooks.splice(0)) await hook.delete();
});
afterAll(async () => {
  await receiver.stop();
  bad.closeAllConnections();
  await new Promise((resolve) => bad.close(resolve));
});

async function subscribe(options: Partial<NewWebhook> = {}): Promise<WebhookHandle> {
  const hook = await subscribeWebhook(nats.bus, { url: receiver.url, ...options });
  hooks.push(hook);
  return hook;
}

const deadOf = async ({ subscriptionId }: WebhookHandle) => (await client.listDeadLetters({ subscriptionId, pageSize: 0, pageToken: '' })).deadLetters;
const attemptsOf = async ({ subscriptionId }: WebhookHandle) => (await client.listAttempts({ subscriptionId, eventId: '', pageSize: 0, pageToken: '' })).attempts;

describe('a receiver', () => {
  test('that drips for ever is cut off by the clock, and a healthy one beside it gets all', async () => {
    misbehave = (_, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    };
    const [dripping, healthy] = [await subscribe({ url: badUrl }), await subscribe()];
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await testCall(nats.bus).publish('call')).id);
    await eventually(() => expect(receiver.idsFor(healthy)).toEqual(ids.toSorted()));
    const [cutOff] = await eventually(async () => {
      const attempts = await attemptsOf(dripping);
      expect(attempts.map(({ code }) => code)).toContain('egress.timeout');
      return attempts.filter(({ code }) => code === 'egress.timeout');
    });
    // By the time that is configured, and not by what requests have otherwise: 15 s.
    expect(Number(cutOff!.latencyMs)).toBeGreaterThanOrEqual(299);
    expect(Number(cutOff!.latencyMs)).toBeLessThan(15_000);
  });

  test('that answers with gigabytes is read no further than the beginning, and what it answered counts', async () => {
    let sent = 0;
    misbehave = (_, response) => {
      const send = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
      };
      response.on('drain', send);
      send();
    };
    const hook = await subscribe({ url: badUrl });
    const event = await testCall(nats.bus).publish('call');
    await eventually(async () => expect(await attemptsOf(hook)).toMatchObject([{ eventId: event.id, httpStatus: 200, code: '', responseExcerpt: 'x'.repeat(256) }]));
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test('is not sent a body over the limit: a dead letter, and the lane goes on, telling of it', async () => {
    const hook = await subscribe();
    const call = testCall(nats.bus);
    const small = await call.publish('call');
    const large = await testCall(nats.bus, { callId: call.callId, firstSequence: 1, text: 'x'.repeat(5_000) }).publish('call');
    const next = await testCall(nats.bus, { callId: call.callId, firstSequence: 2 }).publish('call');
    await eventually(() => expect(receiver.orderFor(hook)).toEqual([small.id, next.id]));
    expect(receiver.allFor(hook).map(({ headers }) => headers['parley-missing'])).toEqual([undefined, large.id]);
    expect(await deadOf(hook)).toMatchObject([{ eventId: large.id, reason: 'webhook.too_large', attempts: 0 }]);
  });
});

describe('Retry-After', () => {
  test('delays the endpoint and not only the delivery that was answered so; others go on', async () => {
    const [asking, other] = [await subscribe(), await subscribe()];
    let refusals = 1;
    const times: number[] = [];
    receiver.answer = ({ path }) => {
      if (path !== asking.path) return { status: 200 };
      times.push(Date.now());
      return refusals-- > 0 ? { status: 429, headers: { 'retry-after': '2' } } : { status: 200 };
    };
    const first = await testCall(nats.bus).publish('call');
    await eventually(() => expect(receiver.allFor(asking).map(({ status }) => status)).toEqual([429]));
    const second = await testCall(nats.bus).publish('call');
    await eventually(() => expect(receiver.idsFor(other)).toEqual([first.id, second.id].toSorted()));
    await eventually(() => expect(receiver.idsFor(asking)).toEqual([first.id, second.id].toSorted()));
    // The receiver's own clock, from its own wish: a lower bound, however slow the machine.
    expect(Math.min(...times.slice(1)) - times[0]!).toBeGreaterThanOrEqual(1_900);
  });
});

describe('the circuit of an endpoint', () => {
  test('opens after failures in a row: nothing is sent and no attempt is burnt, others go on, and all is delivered once it answers', async () => {
    const [failing, other] = [await subscribe(), await subscribe()];
    receiver.answer = ({ path }) => ({ status: path === failing.path ? 500 : 200 });
    // Each call's delivery has three attempts; the fifth failure is the first probe's.
    const calls = Array.from({ length: 4 }, () => testCall(nats.bus));
    const ids: string[] = [];
    for (const call of calls) ids.push((await call.publish('call')).id);
    await eventually(async () => expect(await client.getEndpoint({ subscriptionId: failing.subscriptionId })).toMatchObject({ state: EndpointState.OPEN }));
    ids.push((await testCall(nats.bus).publish('call')).id);
    await eventually(() => expect(receiver.idsFor(other)).toEqual(ids.toSorted()));
    receiver.answer = () => ({ status: 200 });
    await eventually(() => expect(receiver.idsFor(failing)).toEqual(ids.toSorted()));
    expect(await deadOf(failing)).toEqual([]);
    await eventually(async () =>
      expect(await client.getEndpoint({ subscriptionId: failing.subscriptionId })).toEqual({ state: EndpointState.HEALTHY, failuresInARow: 0, pending: 0, deadLetters: 0 }),
    );
  });

  test('is told by every replica', async () => {
    const hook = await subscribe({ url: 'http://127.0.0.1:9' });
    const calls = Array.from({ length: 6 }, () => testCall(nats.bus));
    for (const call of calls) await call.publish('call');
    const isOpenAt = (replica: WebhookClient) =>
      eventually(async () => expect(await replica.getEndpoint({ subscriptionId: hook.subscriptionId })).toMatchObject({ state: EndpointState.OPEN }));
    // Before the other one takes a share of the calls over.
    await isOpenAt(client);
    const second = await routers.start({ EGRESS_ALLOW: receiver.host });
    const other = second.webhookClient(await keys.token());
    await isOpenAt(other);
    await second.stop();
  });
});
