import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventStreams } from '@parley/bus';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { metricOf } from './test-support/metrics.ts';
import { testRouters } from './test-support/started-router.ts';
import { startStreamOutage, type StreamOutage } from './test-support/stream-outage.ts';
import { streamOverGrpc, streamOverSse, streamOverWebSocket } from './test-support/subscribers.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
let outage: StreamOutage;
const outages: StreamOutage[] = [];
const routers = testRouters({ nats: { login: (user) => ({ ...nats.login(user), url: outage.url }) }, database, keys });

async function startOutage(stream: string): Promise<void> {
  outage = await startStreamOutage(nats.url, { stream, subjectPrefix: 'evt.billing.' });
  outages.push(outage);
}

beforeEach(() => startOutage(eventStreams.billing));
afterEach(() => outage.end());
// Replicas are stopped before.
afterAll(() => Promise.all(outages.map((one) => one.stop())));

test('a class whose stream is out of reach holds up no other, its subscribers are told, and get what they missed', async () => {
  const router = await routers.start();
  const token = await keys.token();
  const call = testCall(nats.bus);
  const filter = { callIds: [call.callId] };
  const query = { call_id: call.callId };
  const live = [streamOverGrpc(router.client(token), { filter }), streamOverSse(router, token, { query }), streamOverWebSocket(router, token, query)];
  await Promise.all(live.map((stream) => stream.open));
  const others = streamOverGrpc(router.client(token), { filter: { ...filter, types: ['call.*'] } });
  await others.open;
  const behind = live[1]!.cursor();
  const published = [await call.publish('billing'), await call.publish('call')];
  for (const stream of live) await eventually(() => expect(stream.events).toHaveLength(2));

  outage.begin();
  for (const stream of live) await eventually(() => expect(stream.notices).toEqual(['degraded billing']));
  const available = (eventClass: string) => metricOf(router, 'parley_delivery_available', { class: eventClass });
  expect([await available('billing'), await available('call')]).toEqual([0, 1]);
  for (const eventClass of ['billing', 'call', 'reaction', 'billing'] as const) published.push(await call.publish(eventClass));
  const withoutBilling = published.filter(({ type }) => !type.startsWith('billing.')).length;
  for (const stream of live) await eventually(() => expect(stream.events).toHaveLength(withoutBilling + 1));
  // One that comes now, and is behind in all classes, has what can be had.
  const late = streamOverGrpc(router.client(token), { filter, cursor: behind });
  await eventually(() => expect(late.events.length).toBeGreaterThanOrEqual(withoutBilling));

  // One that begins in the past has to ask the stream where; it is told to come again, unless it wants nothing of that class.
  const start = { position: { $case: 'lookback', value: { seconds: 60n, nanos: 0 } } } as const;
  const refused = [streamOverGrpc(router.client(token), { filter, start }), streamOverSse(router, token, { query: { ...query, start: '1m' } }), streamOverWebSocket(router, token, { ...query, start: '1m' })];
  const ofCalls = streamOverGrpc(router.client(token), { filter: { ...filter, types: ['call.*'] }, start });
  await eventually(() => expect(ofCalls.events).toHaveLength(2));
  await ofCalls.close();
  const byWeb = { status: 503, body: { code: 'bus.unavailable' } };
  expect(await Promise.all(refused.map(({ ended }) => ended))).toMatchObject([{ code: 'bus.unavailable' }, byWeb, byWeb]);

  outage.end();
  for (const stream of live) await eventually(() => expect(stream.notices).toEqual(['degraded billing', 'restored billing']));
  expect(await available('billing')).toBe(1);
  published.push(await call.publish('billing'));
  for (const stream of [...live, late]) {
    await eventually(() => expect(stream.events.map(({ id }) => id).toSorted()).toEqual(published.map(({ id }) => id).toSorted()));
    const billing = stream.events.filter(({ type }) => type.startsWith('billing.'));
    expect(billing.map(({ sequence }) => sequence)).toEqual([0n, 1n, 2n, 3n]);
  }
  expect(others.notices).toEqual([]);
  await Promise.all([...live, others, late].map((stream) => stream.close()));
  await router.stop();
}, 120_000);

test('who comes with a cursor while a class is out of reach is told when what followed it is gone by the time that it can be read', async () => {
  const token = await keys.token();
  const first = await routers.start();
  const call = testCall(nats.bus);
  const filter = { callIds: [call.callId] };
  const before = streamOverGrpc(first.client(token), { filter });
  await before.open;
  await before.close();
  await first.stop();
  await call.publish('billing');
  // This one does not have it in memory.
  const router = await routers.start();
  const live = streamOverGrpc(router.client(token));
  await live.open;
  outage.begin();
  await eventually(() => expect(live.notices).toEqual(['degraded billing']));
  const late = streamOverGrpc(router.client(token), { filter, cursor: before.cursor() });
  await late.open;
  // Until then its cursor moves on in the other classes, past what the filter does not let through.
  const cursor = late.cursor();
  await testCall(nats.bus).publish('call');
  await eventually(() => expect(late.cursor()).not.toBe(cursor));
  await nats.bus.jsm.streams.purge(eventStreams.billing);
  outage.end();
  expect(await late.ended).toEqual(expect.objectContaining({ code: 'cursor.too_old' }));
  await eventually(() => expect(live.notices).toEqual(['degraded billing', 'restored billing']));
  await live.close();
  await router.stop();
});

test('who begins now gets nothing of before, also from a replica that has not read so far yet', async () => {
  // The stream answers; its messages do not arrive.
  await startOutage('none');
  const router = await routers.start();
  const token = await keys.token();
  const call = testCall(nats.bus);
  outage.begin();
  await call.publish('billing');
  await eventually(async () => expect(await metricOf(router, 'parley_delivery_lag', { parley_event_class: 'billing' })).toBe(1));
  const stream = streamOverGrpc(router.client(token));
  await stream.open;
  outage.end();
  const event = await call.publish('billing');
  await eventually(() => expect(stream.events.map(({ id }) => id)).toEqual([event.id]));
  await stream.close();
  await router.stop();
});
