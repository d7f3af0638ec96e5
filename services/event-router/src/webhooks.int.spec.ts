import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventStreams, partitionOf } from '@parley/bus';
import { everyEvent } from '@parley/filters';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { newCallId, testCall } from './test-support/call-events.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { callsDoneThrough } from './test-support/webhook-progress.ts';
import { startReceiver, type Answer, type Receiver } from './test-support/webhook-receiver.ts';
import { streamEnds, subscribeWebhook, type WebhookHandle } from './test-support/webhook-subscriptions.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let receiver: Receiver;
let router: Router;
const hooks: WebhookHandle[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
  router = await routers.start({ EGRESS_ALLOW: receiver.host, WEBHOOK_CONCURRENCY: '3' });
});
afterEach(async () => {
  receiver.answer = () => ({ status: 200 });
  for (const hook of hooks.splice(0)) await hook.delete();
});
afterAll(() => receiver.stop());

async function subscribe(options: Partial<Parameters<typeof subscribeWebhook>[1]> = {}): Promise<WebhookHandle> {
  const hook = await subscribeWebhook(nats.bus, { url: receiver.url, ...options });
  hooks.push(hook);
  return hook;
}

const pendingOf = (hook: WebhookHandle) => database.db.collection('webhook_deliveries').countDocuments({ subscriptionId: hook.subscriptionId });
const deadOf = (hook: WebhookHandle) => database.db.collection('webhook_dead_letters').find({ subscriptionId: hook.subscriptionId }).toArray();

describe('a webhook', () => {
  test('gets the events that its filter lets through, signed, as CloudEvents JSON, in order, and nothing is left over', async () => {
    const hook = await subscribe({ filter: { ...everyEvent, types: ['call.*', 'billing.*'] } });
    const call = testCall(nats.bus);
    for (const eventClass of ['call', 'reaction', 'billing', 'call'] as const) await call.publish(eventClass);
    await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(3));
    // Between sources order is causal at most.
    expect(receiver.orderFor(hook).filter((id) => id.includes('-call-'))).toEqual([`${call.callId}-call-0`, `${call.callId}-call-1`]);
    expect(receiver.idsFor(hook)).toContain(`${call.callId}-billing-0`);
    const first = receiver.received.find((webhook) => webhook.path === hook.path && webhook.id.endsWith('-call-0'));
    expect(first?.event).toMatchObject({
      specversion: '1.0',
      id: first!.id,
      type: 'call.text_received',
      source: `/acme/calls/${call.callId}/call`,
      subject: call.callId,
      sequence: '00000000000000000000',
      callfrom: 'client:alice',
      data: { legId: call.callId, textReceived: { text: expect.any(String) } },
    });
    await eventually(async () => expect(await pendingOf(hook)).toBe(0));
    expect(receiver.refused).toEqual([]);
  });

  test('that answers 500 for a while: each lane keeps its order, the others go on', async () => {
    const hook = await subscribe();
    const [broken, healthy] = [testCall(nats.bus), testCall(nats.bus)];
    let failures = 4;
    receiver.answer = ({ event }) => ({ status: event.subject === broken.callId && failures-- > 0 ? 500 : 200 });
    const published = [];
    for (let count = 0; count < 3; count += 1) {
      published.push(await broken.publish('call'));
      await healthy.publish('call');
    }
    await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(6));
    expect(receiver.orderFor(hook).filter((id) => id.startsWith(broken.callId))).toEqual(published.map((event) => event.id));
    expect(receiver.received.filter((one) => one.path === hook.path && one.status === 500).map((one) => one.id)).toEqual(Array(4).fill(published[0]!.id));
  });

  test('that is down for a while gets all, in order, once it is up', async () => {
    const down = await startReceiver();
    await down.stop();
    const later = await routers.start({ EGRESS_ALLOW: [receiver.host, down.host].join(), WEBHOOK_SCHEDULE: `0s${',100ms'.repeat(200)}` });
    await router.stop();
    const hook = await subscribe({ url: down.url });
    const call = testCall(nats.bus);
    const published = [await call.publish('call'), await call.publish('call'), await call.publish('billing')];
    const triedOften = { subscriptionId: hook.subscriptionId, attempts: { $gt: 2 } };
    await eventually(async () => expect(await database.db.collection('webhook_deliveries').countDocuments(triedOften)).toBe(1));
    const up = await startReceiver(down.port);
    await eventually(() => expect(up.orderFor(hook)).toHaveLength(3));
    expect(up.orderFor(hook).filter((id) => id.includes('-call-'))).toEqual(published.slice(0, 2).map((event) => event.id));
    await up.stop();
    router = await routers.start({ EGRESS_ALLOW: receiver.host, WEBHOOK_CONCURRENCY: '3' });
    await later.stop();
  });

  test('that refuses one event for good: it is kept as dead with the reason, and the lane goes on', async () => {
    const hook = await subscribe();
    const call = testCall(nats.bus);
    receiver.answer = ({ id }) => ({ status: id.endsWith('-call-0') ? 503 : 200 });
    const [first, second] = [await call.publish('call'), await call.publish('call')];
    await eventually(() => expect(receiver.orderFor(hook)).toEqual([second.id]));
    await eventually(async () => expect(await deadOf(hook)).toHaveLength(1));
    expect((await deadOf(hook))[0]).toMatchObject({ eventId: first.id, reason: 'webhook.failed: status 503', attempts: 12 });
    expect(receiver.received.filter((one) => one.path === hook.path && one.id === first.id)).toHaveLength(12);
    expect(await pendingOf(hook)).toBe(0);
  });

  test('that was not given something is told so by the next delivery of the lane, also when the partition changed hands', async () => {
    const hook = await subscribe();
    const [call, other] = [testCall(nats.bus), testCall(nats.bus)];
    receiver.answer = ({ event }) => ({ status: event.subject === call.callId ? 500 : 200 });
    const dead = [(await call.publish('call')).id, (await call.publish('call')).id];
    await eventually(async () => expect(await deadOf(hook)).toHaveLength(2));
    await router.stop();
    router = await routers.start({ EGRESS_ALLOW: receiver.host, WEBHOOK_CONCURRENCY: '3' });
    receiver.answer = () => ({ status: 200 });
    const given = [await call.publish('call'), await call.publish('call')].map(({ id }) => id);
    await other.publish('call');
    await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(3));
    const told = new Map(receiver.allFor(hook).filter(({ status }) => status === 200).map(({ id, headers }) => [id, [headers['parley-missing'], headers['parley-missing-count']]]));
    expect(told).toEqual(new Map([[given[0], [dead.join(', '), '2']], [given[1], [undefined, undefined]], [`${other.callId}-call-0`, [undefined, undefined]]]));
  });

  test('that refused one event for good is not given it again by an owner that reads it once more', async () => {
    const hook = await subscribe();
    const call = testCall(nats.bus);
    receiver.answer = ({ id }) => ({ status: id.endsWith('-call-0') ? 500 : 200 });
    const [dead, given] = [await call.publish('call'), await call.publish('call')];
    await eventually(() => expect(receiver.orderFor(hook)).toEqual([given.id]));
    await router.stop();
    await database.db.collection<{ _id: string }>('positions').deleteMany({});
    receiver.answer = () => ({ status: 200 });
    router = await routers.start({ EGRESS_ALLOW: receiver.host, WEBHOOK_CONCURRENCY: '3' });
    const next = await call.publish('call');
    await eventually(() => expect(receiver.orderFor(hook)).toContain(next.id));
    expect(receiver.orderFor(hook)).toEqual([given.id, next.id]);
    expect((await deadOf(hook)).map(({ eventId }) => eventId)).toEqual([dead.id]);
  });

  test('that answers 410 gets nothing more, until its subscription is changed', async () => {
    const hook = await subscribe();
    const answer = Promise.withResolvers<Answer>();
    receiver.answer = () => answer.promise;
    const call = testCall(nats.bus);
    for (let count = 0; count < 2; count += 1) await call.publish('call');
    await eventually(async () => expect(await pendingOf(hook)).toBe(2));
    answer.resolve({ status: 410 });
    await eventually(async () => expect((await deadOf(hook)).map((one) => one['reason'])).toEqual(['webhook.gone', 'webhook.gone']));
    receiver.answer = () => ({ status: 200 });
    await testCall(nats.bus, { callId: call.callId, firstSequence: 2 }).publish('call');
    const last = (await streamEnds(nats.bus))[eventStreams.call]!;
    await eventually(async () => expect(await callsDoneThrough(database.db, partitionOf(call.callId))).toBe(last));
    expect(receiver.allFor(hook)).toHaveLength(1);
    await hook.update({});
    const welcome = await eventually(async () => {
      const event = await testCall(nats.bus).publish('call');
      expect(receiver.orderFor(hook)).not.toEqual([]);
      return event;
    });
    expect(receiver.received.filter((one) => one.path === hook.path && one.status === 410)).toHaveLength(1);
    expect(welcome).toBeDefined();
  });

  test('that is paused gets what came meanwhile when it goes on, in order', async () => {
    const hook = await subscribe();
    await hook.update({ paused: true });
    const probe = await subscribe();
    const call = testCall(nats.bus);
    const published: string[] = [];
    for (let count = 0; count < 4; count += 1) published.push((await call.publish('call')).id);
    await eventually(async () => expect(await pendingOf(hook)).toBe(4));
    await eventually(() => expect(receiver.orderFor(probe)).toHaveLength(4));
    expect(receiver.orderFor(hook)).toEqual([]);
    await hook.update({ paused: false });
    await eventually(() => expect(receiver.orderFor(hook)).toEqual(published));
  });

  test('that is deleted gets nothing more, and nothing of it is kept', async () => {
    const hook = await subscribe();
    receiver.answer = () => ({ status: 500 });
    await testCall(nats.bus).publish('call');
    await eventually(() => expect(receiver.received.some((one) => one.path === hook.path)).toBe(true));
    await hook.delete();
    await eventually(async () => expect(await pendingOf(hook)).toBe(0));
    await eventually(async () => expect(await database.db.collection('webhook_back_fills').countDocuments({ subscriptionId: hook.subscriptionId })).toBe(0));
  });

  test('that redirects is not followed', async () => {
    const hook = await subscribe();
    receiver.answer = ({ path }) => ({ status: 302, headers: { location: `${path}/elsewhere` } });
    await testCall(nats.bus).publish('call');
    await eventually(async () => expect((await deadOf(hook)).map((one) => one['reason'])).toEqual(['webhook.failed: status 302']));
    expect(receiver.received.filter((one) => one.path.endsWith('elsewhere'))).toEqual([]);
  });

  test('whose name leads inside the house is never called', async () => {
    const inside = createServer((_, response) => response.end());
    let calls = 0;
    inside.on('request', () => (calls += 1));
    await new Promise<void>((resolve) => {
      inside.listen(0, '127.0.0.1', resolve);
    });
    const hook = await subscribe({ url: `http://127.0.0.1:${(inside.address() as AddressInfo).port}` });
    await testCall(nats.bus).publish('call');
    await eventually(async () => expect((await deadOf(hook)).map((one) => one['reason'])).toEqual(['egress.forbidden_address']));
    expect(calls).toBe(0);
    inside.close();
  });
});

describe('what cannot be read', () => {
  test('on the bus, be it an event or a subscription, stops nothing that follows', async () => {
    await nats.bus.js.publish('sub.acme.sub-broken', Buffer.from([0xff, 0xff]));
    const hook = await subscribe();
    await nats.bus.js.publish('evt.call.00.acme', 'no event');
    const calls = Array.from({ length: 40 }, () => testCall(nats.bus));
    const published = await Promise.all(calls.map((call) => call.publish('call')));
    await eventually(() => expect(receiver.idsFor(hook)).toEqual(published.map((event) => event.id).sort()));
  });
});

describe('endpoints', () => {
  test('one that never answers holds up no other, and has no more requests at a time than it may', async () => {
    const [stuck, lively] = [await subscribe(), await subscribe()];
    const never = Promise.withResolvers<{ status: number }>();
    let [open, most] = [0, 0];
    receiver.answer = ({ path }) => {
      if (path !== stuck.path) return { status: 200 };
      most = Math.max(most, (open += 1));
      return never.promise.finally(() => (open -= 1));
    };
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) ids.push((await testCall(nats.bus).publish('call')).id);
    await eventually(() => expect(receiver.idsFor(lively)).toEqual(ids.sort()));
    expect(most).toBe(3);
    never.resolve({ status: 200 });
    receiver.answer = () => ({ status: 200 });
    await eventually(() => expect(receiver.idsFor(stuck)).toEqual(ids));
  });
});

describe('a subscription that the replica learns of late', () => {
  test('gets what came after it was made, although it had gone by, before what comes then, and once', async () => {
    const ends = await streamEnds(nats.bus);
    const call = testCall(nats.bus);
    const published: string[] = [];
    for (let count = 0; count < 5; count += 1) published.push((await call.publish('call')).id);
    const other = testCall(nats.bus, { accountId: 'other', callId: callInPartition(partitionOf(call.callId)) });
    await other.publish('call');
    await eventually(async () => expect(await callsDoneThrough(database.db, partitionOf(call.callId))).toBeGreaterThanOrEqual(ends[eventStreams.call]! + 6));
    const hook = await subscribe({ startsAfter: { ...ends, [eventStreams.call]: ends[eventStreams.call]! + 2 } });
    published.push((await call.publish('call')).id);
    await eventually(() => expect(receiver.orderFor(hook)).toEqual(published.slice(2)));
    expect(receiver.received.filter((one) => one.path === hook.path)).toHaveLength(4);
  });

  test('does not get it again when the partition changes hands', async () => {
    const ends = await streamEnds(nats.bus);
    const call = testCall(nats.bus);
    const first = (await call.publish('call')).id;
    const hook = await subscribe({ startsAfter: ends });
    await eventually(() => expect(receiver.orderFor(hook)).toEqual([first]));
    await eventually(async () => expect(await backFilledPartitions(hook)).toBe(32));
    await router.stop();
    router = await routers.start({ EGRESS_ALLOW: receiver.host, WEBHOOK_CONCURRENCY: '3' });
    const second = (await call.publish('call')).id;
    await eventually(() => expect(receiver.orderFor(hook)).toEqual([first, second]));
    expect(receiver.received.filter((one) => one.path === hook.path)).toHaveLength(2);
  });

  const backFilledPartitions = (hook: WebhookHandle) =>
    database.db.collection('webhook_back_fills').countDocuments({ subscriptionId: hook.subscriptionId });

  function callInPartition(partition: number): string {
    let callId = newCallId();
    while (partitionOf(callId) !== partition) callId = newCallId();
    return callId;
  }
});
