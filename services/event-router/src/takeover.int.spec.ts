import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { partitionOf } from '@parley/bus';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall, type TestCall } from './test-support/call-events.ts';
import { startRouterProcess, type RouterProcess } from './test-support/router-process.ts';
import { testRouters } from './test-support/started-router.ts';
import { startReceiver, type Answer, type Receiver } from './test-support/webhook-receiver.ts';
import { callsDoneThrough } from './test-support/webhook-progress.ts';
import { subscribeWebhook, type WebhookHandle } from './test-support/webhook-subscriptions.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let receiver: Receiver;
const processes = new Set<RouterProcess>();

beforeAll(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const replica of processes) {
    replica.resume();
    await replica.kill();
  }
  processes.clear();
  receiver.answer = () => ({ status: 200 });
});
afterAll(() => receiver.stop());

async function startReplica(variables: Readonly<Record<string, string>> = {}): Promise<RouterProcess> {
  const replica = await startRouterProcess(routers.environment({ EGRESS_ALLOW: receiver.host, WEBHOOK_SCHEDULE: `0s${',200ms'.repeat(200)}`, ...variables }));
  processes.add(replica);
  return replica;
}

async function killReplica(replica: RouterProcess): Promise<void> {
  processes.delete(replica);
  await replica.kill();
}

/** Calls over many partitions, each with a number of events. */
async function publishRounds(calls: readonly TestCall[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const call of calls) await call.publish('call');
  }
}

const newCalls = () => Array.from({ length: 12 }, () => testCall(nats.bus));

/** Every event of every call, in order after repeats are taken out. */
async function expectAll(hook: WebhookHandle, calls: readonly TestCall[], count: number): Promise<void> {
  await eventually(() => expect(receiver.orderFor(hook)).toHaveLength(calls.length * count), { timeoutMs: 40_000 });
  for (const { callId } of calls) {
    const expected = Array.from({ length: count }, (_, sequence) => `${callId}-call-${sequence}`);
    expect(receiver.orderFor(hook).filter((id) => id.startsWith(callId))).toEqual(expected);
  }
  expect(receiver.refused).toEqual([]);
}

describe('webhooks lose nothing and keep their order', () => {
  test('when the one replica is killed and started again', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const calls = newCalls();
    const first = await startReplica();
    receiver.answer = () => sleep(5, { status: 200 });
    const publishing = publishRounds(calls, 10);
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(20));
    await killReplica(first);
    await publishing;
    await startReplica();
    await expectAll(hook, calls, 10);
    await hook.delete();
  });

  test('when it is killed while the receiver is down, and what is pending is on record only', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const calls = newCalls();
    const first = await startReplica();
    receiver.answer = () => ({ status: 503 });
    await publishRounds(calls, 3);
    const pending = () => database.db.collection('webhook_deliveries').countDocuments({ subscriptionId: hook.subscriptionId });
    await eventually(async () => expect(await pending()).toBe(calls.length * 3));
    await killReplica(first);
    receiver.answer = () => ({ status: 200 });
    await startReplica();
    await expectAll(hook, calls, 3);
    await eventually(async () => expect(await pending()).toBe(0));
    await hook.delete();
  });

  test('when it is killed while a delivery is in its memory only, and positions were stored meanwhile', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const hanging = testCall(nats.bus);
    const other = newCalls().find(({ callId }) => partitionOf(callId) !== partitionOf(hanging.callId))!;
    const first = await startReplica({ WEBHOOK_TIMEOUT_MS: '60000' });
    const asked: string[] = [];
    receiver.answer = ({ event: { subject } }) => {
      asked.push(subject);
      return subject === hanging.callId ? Promise.withResolvers<Answer>().promise : { status: 200 };
    };
    await hanging.publish('call');
    await eventually(() => expect(asked).toContain(hanging.callId));
    // While the endpoint answers others, what hangs is not stored. Positions are, of all partitions in one go.
    for (let round = 0; round < 2; round += 1) {
      const before = await callsDoneThrough(database.db, partitionOf(other.callId));
      await eventually(async () => {
        await other.publish('call');
        expect(await callsDoneThrough(database.db, partitionOf(other.callId))).toBeGreaterThan(before);
      });
    }
    await killReplica(first);
    receiver.answer = () => ({ status: 200 });
    await startReplica();
    await eventually(() => expect(receiver.orderFor(hook)).toContain(`${hanging.callId}-call-0`));
    await hook.delete();
  });

  test('when one of two replicas is killed, and the other takes over', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const calls = newCalls();
    const [first] = [await startReplica(), await startReplica()];
    receiver.answer = () => sleep(5, { status: 200 });
    const publishing = publishRounds(calls, 12);
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(20));
    await killReplica(first);
    await publishing;
    await expectAll(hook, calls, 12);
    await hook.delete();
  });

  test('when a second replica comes, and when one leaves in good order', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const calls = newCalls();
    const first = await startReplica();
    receiver.answer = () => sleep(5, { status: 200 });
    const publishing = publishRounds(calls, 15);
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(20));
    await startReplica();
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(80));
    processes.delete(first);
    await first.stop();
    await publishing;
    await expectAll(hook, calls, 15);
    await hook.delete();
  });

  test('when a replica is stopped for longer than its lease, and goes on without having noticed', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const calls = newCalls();
    const first = await startReplica();
    receiver.answer = () => sleep(5, { status: 200 });
    const publishing = publishRounds(calls, 10);
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(20));
    first.pause();
    await startReplica();
    await publishing;
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(60), { timeoutMs: 30_000 });
    first.resume();
    await expectAll(hook, calls, 10);
    await publishRounds(calls, 5);
    await expectAll(hook, calls, 15);
    await hook.delete();
  });

  test('when of three replicas one is killed and one is paused past its lease, while an endpoint fails', async () => {
    const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
    const calls = newCalls();
    const [killed, paused] = [await startReplica(), await startReplica(), await startReplica()];
    let answered = 0;
    // One in five is refused, so that what is in memory, stored, and tried again is there all the time.
    receiver.answer = () => sleep(5, { status: (answered += 1) % 5 === 0 ? 500 : 200 });
    const publishing = publishRounds(calls, 15);
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(20));
    paused.pause();
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(50));
    await killReplica(killed);
    await publishing;
    await eventually(() => expect(receiver.orderFor(hook).length).toBeGreaterThan(100), { timeoutMs: 30_000 });
    paused.resume();
    await expectAll(hook, calls, 15);
    await publishRounds(calls, 3);
    await expectAll(hook, calls, 18);
    // What the paused one stored as it woke, after another had delivered it, is the next owner's to repeat.
    for (const replica of processes) await killReplica(replica);
    await startReplica();
    const pending = () => database.db.collection('webhook_deliveries').countDocuments({ subscriptionId: hook.subscriptionId });
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await database.db.collection('webhook_dead_letters').countDocuments({ subscriptionId: hook.subscriptionId })).toBe(0);
    await hook.delete();
  });
});
