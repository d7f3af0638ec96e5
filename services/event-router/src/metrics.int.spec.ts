import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { metricOf } from './test-support/metrics.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { startStreamOutage, type StreamOutage } from './test-support/stream-outage.ts';
import { streamOverGrpc, streamOverSse, streamOverWebSocket } from './test-support/subscribers.ts';
import { startReceiver, type Receiver } from './test-support/webhook-receiver.ts';
import { untilLearned } from './test-support/webhook-progress.ts';
import { subscribeWebhook } from './test-support/webhook-subscriptions.ts';

// What the runbooks tell people to look at moves with what it is about.

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
let unread: StreamOutage;
const routers = testRouters({ nats: { login: (user) => ({ ...nats.login(user), url: unread.url }) }, database, keys });
let receiver: Receiver;
let router: Router;
let token: string;

beforeAll(async () => {
  receiver = await startReceiver();
  // Only the messages do not arrive: what the stream holds can be asked for.
  unread = await startStreamOutage(nats.url, { stream: 'none', subjectPrefix: 'evt.billing.' });
  const variables = { WEBHOOK_SCHEDULE: '0s,50ms', WEBHOOK_CONCURRENCY: '1', WEBHOOK_CIRCUIT_FAILURES: '1', WEBHOOK_CIRCUIT_PAUSES: '1h' };
  router = await routers.start({ EGRESS_ALLOW: receiver.host, ...variables });
  token = await keys.token();
});
afterAll(async () => {
  await Promise.all([receiver.stop(), unread.stop()]);
});

const valueOf = (name: string, labels: Readonly<Record<string, string>> = {}) => metricOf(router, `parley_${name}`, labels);
const eventuallyIs = (expected: number, name: string, labels: Readonly<Record<string, string>> = {}) => eventually(async () => expect([name, labels, await valueOf(name, labels)]).toEqual([name, labels, expected]));

test('of streams: clients, events and their latency by transport, filters that matched, how far a class is read', async () => {
  const call = testCall(nats.bus);
  const query = { call_id: call.callId };
  const streams = [streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] } }), streamOverSse(router, token, { query }), streamOverWebSocket(router, token, query)];
  await Promise.all(streams.map(({ open }) => open));
  for (const transport of ['grpc', 'sse', 'websocket']) await eventuallyIs(1, 'delivery_clients', { transport });
  await call.publish('call');
  await call.publish('reaction');
  for (const transport of ['grpc', 'sse', 'websocket']) {
    await eventuallyIs(2, 'delivery_events_total', { transport });
    expect(await valueOf('delivery_latency_seconds_count', { transport })).toBeGreaterThan(0);
  }
  // The three share a filter.
  await eventuallyIs(2, 'delivery_matches_total');

  unread.begin();
  for (let count = 0; count < 3; count += 1) await call.publish('billing');
  await eventuallyIs(3, 'delivery_lag', { class: 'billing' });
  expect(await valueOf('delivery_lag', { class: 'call' })).toBe(0);
  unread.end();
  // By the next one that comes a reader knows that it missed some.
  await call.publish('billing');
  await eventuallyIs(0, 'delivery_lag', { class: 'billing' });
  await Promise.all(streams.map((stream) => stream.close()));
  for (const transport of ['grpc', 'sse', 'websocket']) await eventuallyIs(0, 'delivery_clients', { transport });
});

test('of webhooks: attempts by outcome, latency, dead letters; what waits, what was stored for that, and circuits, until the endpoint answers', async () => {
  const [good, refusing, failing] = [await subscribeWebhook(nats.bus, { url: receiver.url }), await subscribeWebhook(nats.bus, { url: receiver.url }), await subscribeWebhook(nats.bus, { url: receiver.url })];
  receiver.answer = ({ path }) => ({ status: { [good.path]: 200, [refusing.path]: 404 }[path] ?? 500 });
  for (const hook of [good, refusing, failing]) await untilLearned(database.db, hook);
  const calls = Array.from({ length: 3 }, () => testCall(nats.bus));
  for (const call of calls) await call.publish('call');
  await eventuallyIs(3, 'webhook_attempts_total', { outcome: 'delivered' });
  await eventuallyIs(3, 'webhook_attempts_total', { outcome: 'dead' });
  // One of the failing endpoint, which was tried once and is left alone since.
  await eventuallyIs(3 + 1, 'webhook_attempts_total', { outcome: 'retry' });
  expect(await Promise.all([valueOf('delivery_events_total', { transport: 'webhook' }), valueOf('delivery_latency_seconds_count', { transport: 'webhook' })])).toEqual([3, 3]);
  await eventuallyIs(3, 'webhook_dead_letters_total');
  await eventuallyIs(1, 'webhook_circuits', { state: 'open' });
  await eventuallyIs(3, 'webhook_pending');
  await eventually(async () => expect(await valueOf('webhook_spilled_total')).toBeGreaterThanOrEqual(2));

  receiver.answer = () => ({ status: 200 });
  // Whoever changes it may have put it right: it is tried at once.
  await failing.update({});
  await eventuallyIs(0, 'webhook_circuits', { state: 'open' });
  await eventuallyIs(0, 'webhook_pending');
  await eventuallyIs(6, 'webhook_attempts_total', { outcome: 'delivered' });
  for (const hook of [good, refusing, failing]) await hook.delete();
});
