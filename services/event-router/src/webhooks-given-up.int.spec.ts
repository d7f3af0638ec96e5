import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall } from './test-support/call-events.ts';
import { testRouters, type WebhookClient } from './test-support/started-router.ts';
import { startReceiver, type Receiver } from './test-support/webhook-receiver.ts';
import { subscribeWebhook } from './test-support/webhook-subscriptions.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let receiver: Receiver;
let client: WebhookClient;

beforeAll(async () => {
  receiver = await startReceiver();
  const router = await routers.start({
    EGRESS_ALLOW: receiver.host,
    WEBHOOK_SCHEDULE: '0s,50ms,50ms',
    WEBHOOK_CIRCUIT_FAILURES: '4',
    WEBHOOK_CIRCUIT_PAUSES: '200ms',
    WEBHOOK_GIVE_UP_AFTER: '1s',
  });
  client = router.webhookClient(await keys.token());
});
afterAll(() => receiver.stop());

test('an endpoint that does not answer for long has what waits for it given up, tried or not; redriven it is delivered, once it answers', async () => {
  const hook = await subscribeWebhook(nats.bus, { url: receiver.url });
  const { subscriptionId } = hook;
  const deadLetters = async () => (await client.listDeadLetters({ subscriptionId, pageSize: 0, pageToken: '' })).deadLetters;
  receiver.answer = () => ({ status: 500 });
  const [long, ...others] = Array.from({ length: 8 }, () => testCall(nats.bus));
  const ids: string[] = [];
  for (const call of [...others, long!, long!, long!, long!, long!]) ids.push((await call.publish('call')).id);
  await eventually(async () => expect((await deadLetters()).map(({ eventId }) => eventId).sort()).toEqual(ids.toSorted()));
  const untried = (await deadLetters()).filter(({ attempts }) => attempts === 0);
  expect(new Set(untried.map(({ reason }) => reason))).toEqual(new Set(['webhook.circuit_open']));
  receiver.answer = () => ({ status: 200 });
  expect(await client.redriveDeadLetters({ subscriptionId, since: undefined })).toEqual({ redriven: ids.length });
  await eventually(() => expect(receiver.idsFor(hook)).toEqual(ids.toSorted()));
});
