import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AttemptOutcome, EndpointState } from '@parley/contracts';
import { everyEvent } from '@parley/filters';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { untilSharedOut } from './test-support/shared-out.ts';
import { testRouters, type WebhookClient } from './test-support/started-router.ts';
import { startReceiver, type Receiver } from './test-support/webhook-receiver.ts';
import { streamEnds, subscribeWebhook, type NewWebhook, type WebhookHandle } from './test-support/webhook-subscriptions.ts';

// Two replicas share the partitions: what is asked of one is mostly the other's to do.

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const code = (code: string) => expect.objectContaining({ code });
const firstPage = { pageSize: 0, pageToken: '' };
let receiver: Receiver;
let clients: readonly WebhookClient[];
let stranger: WebhookClient;
const hooks: WebhookHandle[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
  const variables = { EGRESS_ALLOW: receiver.host, WEBHOOK_SCHEDULE: '0s,50ms' };
  const replicas = [await routers.start(variables), await routers.start(variables)];
  await untilSharedOut(nats.bus, replicas.length);
  const token = await keys.token();
  clients = replicas.map((replica) => replica.webhookClient(token));
  stranger = replicas[0]!.webhookClient(await keys.token({ accountId: 'other' }));
});
afterEach(async () => {
  receiver.answer = () => ({ status: 200 });
  for (const hook of hooks.splice(0)) await hook.delete();
});
afterAll(() => receiver.stop());

/** Resolves once both replicas know of it. */
async function subscribe(options: Partial<NewWebhook> = {}): Promise<WebhookHandle> {
  const hook = await subscribeWebhook(nats.bus, { url: receiver.url, ...options });
  hooks.push(hook);
  for (const client of clients) await eventually(() => client.getEndpoint(hook));
  return hook;
}

/** Calls of many partitions, one event each, all of which die. */
async function publishDead(hook: WebhookHandle, count: number): Promise<string[]> {
  receiver.answer = () => ({ status: 500, body: 'not today' });
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) ids.push((await testCall(nats.bus).publish('call')).id);
  await eventually(async () => expect((await clients[0]!.listDeadLetters({ ...hook, ...firstPage })).deadLetters).toHaveLength(count));
  receiver.answer = () => ({ status: 200 });
  return ids;
}

const bodyOf = (hook: WebhookHandle, id: string) => receiver.allFor(hook).find((one) => one.id === id)?.body;

describe('attempts', () => {
  test('are listed by any replica, the newest first, with what came of each, in pages, of one event or of all', async () => {
    const hook = await subscribe();
    const call = testCall(nats.bus);
    let answers = [{ status: 503, body: 'busy\u0000' }, { status: 200, body: 'thank you' }, { status: 204, body: '' }];
    receiver.answer = () => {
      const [answer, ...rest] = answers;
      answers = rest;
      return answer!;
    };
    const [first, second] = [await call.publish('call'), await call.publish('call')];
    const expected = [
      { eventId: second.id, number: 1, outcome: AttemptOutcome.DELIVERED, httpStatus: 204, code: '', responseExcerpt: '' },
      { eventId: first.id, number: 2, outcome: AttemptOutcome.DELIVERED, httpStatus: 200, code: '', responseExcerpt: 'thank you' },
      { eventId: first.id, number: 1, outcome: AttemptOutcome.RETRY, httpStatus: 503, code: 'webhook.failed', responseExcerpt: 'busy.' },
    ];
    for (const client of clients) {
      const list = (request: { eventId?: string; pageSize?: number; pageToken?: string }) =>
        client.listAttempts({ subscriptionId: hook.subscriptionId, eventId: '', ...firstPage, ...request });
      await eventually(async () => expect((await list({})).attempts).toMatchObject(expected));
      expect((await list({ eventId: first.id })).attempts).toMatchObject(expected.slice(1));
      const page = await list({ pageSize: 2 });
      expect(page.attempts).toMatchObject(expected.slice(0, 2));
      expect(await list({ pageSize: 2, pageToken: page.nextPageToken })).toMatchObject({ attempts: expected.slice(2), nextPageToken: '' });
      await expect(list({ pageToken: 'x' })).rejects.toEqual(code('request.invalid_argument'));
    }
    const { attempts } = await clients[0]!.listAttempts({ subscriptionId: hook.subscriptionId, eventId: '', ...firstPage });
    for (const { time, latencyMs, callId } of attempts) expect([time instanceof Date, latencyMs >= 0n, callId]).toEqual([true, true, call.callId]);
  });
});

describe('dead letters', () => {
  test('keep payload and reason, are listed the oldest first and in pages, and each is redriven by whichever replica is asked', async () => {
    const hook = await subscribe();
    const ids = await publishDead(hook, 3);
    const { deadLetters } = await clients[1]!.listDeadLetters({ subscriptionId: '', ...firstPage });
    const ofHook = deadLetters.filter(({ subscriptionId }) => subscriptionId === hook.subscriptionId);
    expect(ofHook.map(({ reason, attempts }) => ({ reason, attempts }))).toEqual(ids.map(() => ({ reason: 'webhook.failed: status 500', attempts: 2 })));
    expect(ofHook.map(({ deathTime }) => deathTime!.getTime())).toEqual(ofHook.map(({ deathTime }) => deathTime!.getTime()).toSorted((one, other) => one - other));
    const page = await clients[0]!.listDeadLetters({ ...hook, pageSize: 2, pageToken: '' });
    const rest = await clients[1]!.listDeadLetters({ ...hook, pageSize: 2, pageToken: page.nextPageToken });
    expect([...page.deadLetters, ...rest.deadLetters].map(({ eventId }) => eventId)).toEqual(ofHook.map(({ eventId }) => eventId));
    expect(rest.nextPageToken).toBe('');

    for (const [index, eventId] of ids.entries()) {
      const client = clients[index % 2]!;
      const { deadLetter, body } = await client.getDeadLetter({ ...hook, eventId });
      expect({ eventId: deadLetter!.eventId, body }).toEqual({ eventId, body: bodyOf(hook, eventId) });
      await client.redriveDeadLetter({ ...hook, eventId });
    }
    await eventually(() => expect(receiver.idsFor(hook)).toEqual(ids.toSorted()));
    await eventually(async () => expect((await clients[0]!.listDeadLetters({ ...hook, ...firstPage })).deadLetters).toEqual([]));
    await eventually(async () => expect(await database.db.collection('webhook_reloads').countDocuments()).toBe(0));
    for (const call of [() => clients[0]!.redriveDeadLetter({ ...hook, eventId: ids[0]! }), () => clients[0]!.getDeadLetter({ ...hook, eventId: ids[0]! })]) {
      await expect(call()).rejects.toEqual(code('not_found.dead_letter'));
    }
  });

  test('have all their attempts again when they are redriven', async () => {
    const hook = await subscribe();
    const [eventId] = await publishDead(hook, 1);
    const list = async () => (await clients[0]!.listDeadLetters({ ...hook, ...firstPage })).deadLetters;
    const [first] = await list();
    receiver.answer = () => ({ status: 500 });
    await clients[0]!.redriveDeadLetter({ ...hook, eventId: eventId! });
    await eventually(async () => expect((await list()).map(({ deathTime, attempts }) => ({ isLater: deathTime! > first!.deathTime!, attempts }))).toEqual([{ isLater: true, attempts: 2 }]));
    expect(receiver.allFor(hook)).toHaveLength(4);
  });

  test('are recovered since a time', async () => {
    const hook = await subscribe();
    const before = await publishDead(hook, 2);
    const { deadLetters } = await clients[0]!.listDeadLetters({ ...hook, ...firstPage });
    const since = new Date(Math.max(...deadLetters.map(({ deathTime }) => deathTime!.getTime())) + 1);
    receiver.answer = () => ({ status: 500 });
    const after: string[] = [];
    for (let count = 0; count < 12; count += 1) after.push((await testCall(nats.bus).publish('call')).id);
    await eventually(async () => expect((await clients[0]!.listDeadLetters({ ...hook, ...firstPage })).deadLetters).toHaveLength(14));
    receiver.answer = () => ({ status: 200 });
    expect(await clients[1]!.redriveDeadLetters({ ...hook, since })).toEqual({ redriven: 12 });
    await eventually(() => expect(receiver.idsFor(hook)).toEqual(after.toSorted()));
    expect(await clients[0]!.redriveDeadLetters({ ...hook, since: undefined })).toEqual({ redriven: 2 });
    await eventually(() => expect(receiver.idsFor(hook)).toEqual([...before, ...after].toSorted()));
  });
});

describe('replaying what is missing', () => {
  test('delivers what the filter of now lets through and was never delivered, and nothing else', async () => {
    const since = new Date(Date.now() - 1_000);
    const hook = await subscribe({ filter: { ...everyEvent, types: ['call.ringing'] } });
    const calls = Array.from({ length: 6 }, () => testCall(nats.bus));
    const ids = { ringing: [] as string[], text: [] as string[], billing: [] as string[] };
    for (const call of calls) {
      ids.ringing.push((await call.publish('call', 'call.ringing')).id);
      ids.text.push((await call.publish('call')).id);
      ids.billing.push((await call.publish('billing')).id);
    }
    await testCall(nats.bus, { accountId: 'other' }).publish('call');
    await eventually(() => expect(receiver.idsFor(hook)).toEqual(ids.ringing.toSorted()));
    await hook.update({ filter: { ...everyEvent, types: ['call.*'] } });
    // What is younger than a few seconds may be on its way, and is left alone.
    const own = new Set(ids.text);
    await eventually(async () => {
      await clients[0]!.replayMissing({ ...hook, since });
      expect(receiver.idsFor(hook).filter((id) => own.has(id))).toEqual(ids.text.toSorted());
    });
    await eventually(async () => expect(await clients[1]!.replayMissing({ ...hook, since })).toEqual({ replayed: 0 }));
    const got = receiver.allFor(hook).map(({ id }) => id);
    expect(got.filter((id) => ids.ringing.includes(id))).toHaveLength(ids.ringing.length);
    expect(got.filter((id) => ids.billing.includes(id))).toEqual([]);
  });
});

describe('a webhook that is rewound', () => {
  test('gets all behind its new start once more, in order, before what comes then', async () => {
    const start = await streamEnds(nats.bus);
    const hook = await subscribe();
    const calls = Array.from({ length: 6 }, () => testCall(nats.bus));
    for (let round = 0; round < 3; round += 1) for (const call of calls) await call.publish('call');
    await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(18));
    await hook.rewind(start);
    await eventually(() => expect(receiver.allFor(hook)).toHaveLength(36));
    for (const call of calls) await call.publish('call');
    await eventually(() => expect(receiver.allFor(hook)).toHaveLength(42));
    for (const { callId } of calls) {
      const sequences = receiver.allFor(hook).filter(({ event }) => event.subject === callId).map(({ event }) => Number(event.sequence));
      expect(sequences).toEqual([0, 1, 2, 0, 1, 2, 3]);
    }
  });
});

describe('the health of an endpoint', () => {
  test('tells of one that is gone, at each replica', async () => {
    const hook = await subscribe();
    receiver.answer = () => ({ status: 410 });
    await testCall(nats.bus).publish('call');
    for (const client of clients) await eventually(async () => expect(await client.getEndpoint(hook)).toEqual({ state: EndpointState.GONE, failuresInARow: 0, pending: 0, deadLetters: 1 }));
  });
});

describe('what belongs to another account', () => {
  test('is not found, as if it did not exist', async () => {
    const hook = await subscribe();
    const [eventId] = await publishDead(hook, 1);
    const request = { subscriptionId: hook.subscriptionId, eventId: eventId!, since: new Date(0), ...firstPage };
    const calls = [
      () => stranger.listAttempts(request),
      () => stranger.listDeadLetters(request),
      () => stranger.getDeadLetter(request),
      () => stranger.redriveDeadLetter(request),
      () => stranger.redriveDeadLetters(request),
      () => stranger.replayMissing(request),
      () => stranger.getEndpoint(request),
    ];
    for (const call of calls) await expect(call()).rejects.toEqual(code('not_found.subscription'));
    expect(await stranger.listDeadLetters({ subscriptionId: '', ...firstPage })).toEqual({ deadLetters: [], nextPageToken: '' });
    expect((await clients[0]!.listDeadLetters({ ...hook, ...firstPage })).deadLetters).toHaveLength(1);
  });
});
