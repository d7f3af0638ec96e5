import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventStreams, partitionOf } from '@parley/bus';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { newCallId, testCall } from './test-support/call-events.ts';
import { startDatabaseProxy, type DatabaseProxy } from './test-support/database-proxy.ts';
import { testRouters } from './test-support/started-router.ts';
import { startReceiver, type Answer, type Receiver } from './test-support/webhook-receiver.ts';
import { callsDoneThrough, untilLearned } from './test-support/webhook-progress.ts';
import { streamEnds, subscribeWebhook } from './test-support/webhook-subscriptions.ts';

// A delivery that is made at once costs no write to the database; one that is not is stored, and holds up nothing.

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let receiver: Receiver;
let proxy: DatabaseProxy;

beforeAll(async () => {
  receiver = await startReceiver();
  proxy = await startDatabaseProxy(database.url);
  await routers.start({ EGRESS_ALLOW: receiver.host, MONGODB_URL: proxy.url, LEASE_TTL_MS: '5000' });
});
afterEach(() => {
  receiver.answer = () => ({ status: 200 });
  proxy.restore();
});
afterAll(async () => {
  await receiver.stop();
  await proxy.stop();
});

const storedOf = (subscriptionId: string) => database.db.collection('webhook_deliveries').find({ subscriptionId }).toArray();

function callInPartition(partition: number): string {
  let callId = newCallId();
  while (partitionOf(callId) !== partition) callId = newCallId();
  return callId;
}

describe('a webhook', () => {
  test('that answers at once is delivered to while the database is away, and nothing is repeated when it is back', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const call = testCall(nats.bus);
    const published = [(await call.publish('call')).id];
    await eventually(() => expect(receiver.orderFor(hook)).toEqual(published));
    await untilLearned(database.db, hook);
    proxy.cut();
    for (let count = 0; count < 10; count += 1) published.push((await call.publish('call')).id);
    await eventually(() => expect(receiver.orderFor(hook)).toEqual(published));
    proxy.restore();
    const last = (await streamEnds(nats.bus))[eventStreams.call]!;
    await eventually(async () => expect(await callsDoneThrough(database.db, partitionOf(call.callId))).toBe(last));
    expect(receiver.allFor(hook)).toHaveLength(published.length);
    expect(await storedOf(hook.subscriptionId)).toEqual([]);
    await hook.delete();
  });

  test('that does not answer has its deliveries stored; neither other calls wait for it, nor other webhooks, nor the partition', async () => {
    const [slow, lively] = [await subscribeWebhook(nats.bus, { url: receiver.url }), await subscribeWebhook(nats.bus, { url: receiver.url })];
    const hanging = Promise.withResolvers<Answer>();
    const call = testCall(nats.bus);
    receiver.answer = ({ path, event }) => (path === slow.path && event.subject === call.callId ? hanging.promise : { status: 200 });
    const partition = partitionOf(call.callId);
    const neighbour = testCall(nats.bus, { callId: callInPartition(partition) });
    const ids = [(await call.publish('call')).id, (await call.publish('call')).id];
    const neighbours = [(await neighbour.publish('call')).id];
    await eventually(() => expect(receiver.idsFor(lively)).toEqual([...ids, ...neighbours].sort()));
    await eventually(() => expect(receiver.orderFor(slow)).toEqual(neighbours));
    const last = (await streamEnds(nats.bus))[eventStreams.call]!;
    await eventually(async () => expect(await callsDoneThrough(database.db, partition)).toBe(last));
    expect((await storedOf(slow.subscriptionId)).map(({ eventId, attempts }) => ({ eventId, attempts }))).toEqual(ids.map((eventId) => ({ eventId, attempts: 0 })));
    hanging.resolve({ status: 200 });
    await eventually(() => expect(receiver.orderFor(slow)).toEqual([...neighbours, ...ids]));
    await eventually(async () => expect(await storedOf(slow.subscriptionId)).toEqual([]));
    for (const hook of [slow, lively]) await hook.delete();
  });
});
