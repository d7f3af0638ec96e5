import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributeOf, type BusEvent } from '@parley/bus';
import { compileFilter, toEventFilterMessage, type EventFilter, type FilterExpression } from '@parley/filters';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testCall, type TestCall } from './test-support/call-events.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { streamOverGrpc, streamOverSse, type Received } from './test-support/subscribers.ts';
import { subscribeWebhook, type WebhookHandle } from './test-support/webhook-subscriptions.ts';
import { startReceiver, type Receiver } from './test-support/webhook-receiver.ts';

// Two accounts use the same addresses at the same time, and ask with the same filters. One's name begins with the other's.
const accounts = ['acme', 'acme-2'] as const;
const rounds = 15;
const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let router: Router;
let receiver: Receiver;
const tokens = new Map<string, string>();

beforeAll(async () => {
  receiver = await startReceiver();
  router = await routers.start({ EGRESS_ALLOW: receiver.host });
  for (const accountId of accounts) tokens.set(accountId, await keys.token({ accountId }));
});
afterAll(() => receiver.stop());

const expressions: FilterExpression[] = [
  { not: { exact: { type: 'call.ringing' } } },
  { any: [{ prefix: { callfrom: 'client:c', callto: '+1' } }, { suffix: { type: '.charged' } }] },
  { all: [{ exact: { 'data.entry_id': 'e' } }, { prefix: { dataschema: 'parley.billing.' } }] },
];
const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 0 });
const filters = (calls: readonly TestCall[]): fc.Arbitrary<EventFilter> =>
  fc.record({
    types: some(['call.*', 'call.ringing', 'app.*', 'reaction.*', 'billing.charged']),
    callIds: some(calls.map((call) => call.callId)),
    from: some(['client:alice', 'client:carol']),
    to: some(['+15550100']),
    directions: some(['inbound', 'outbound-api']),
    filters: fc.subarray(expressions, { maxLength: 1 }),
  });

async function publishAll(calls: readonly TestCall[]): Promise<BusEvent[]> {
  const published: BusEvent[] = [];
  for (const call of calls) {
    published.push(await call.publish('call', 'call.ringing'), await call.publish('call', 'app.order'));
    published.push(await call.publish('reaction'), await call.publish('billing'));
  }
  return published;
}

const idsFor = (published: readonly BusEvent[], accountId: string, filter: EventFilter) =>
  published
    .filter((event) => event.accountId === accountId && compileFilter(filter)({ attribute: (name) => attributeOf(event, name) }))
    .map((event) => event.id)
    .sort();

describe('accounts', () => {
  test('get their own events, all that their filter lets through and no others, on each transport', async () => {
    const everyHook: { readonly accountId: string; readonly hook: WebhookHandle }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const calls = accounts.flatMap((accountId) => [
        testCall(nats.bus, { accountId }),
        testCall(nats.bus, { accountId, call: { from: 'client:carol', direction: 'outbound-api' } }),
      ]);
      const filter = fc.sample(filters(calls), 1)[0]!;
      const streams = accounts.map((accountId) => ({ accountId, received: openBoth(accountId, filter) }));
      const hooks = await Promise.all(accounts.map((accountId) => subscribeWebhook(nats.bus, { accountId, url: receiver.url, filter })));
      await Promise.all(streams.flatMap(({ received }) => received.map((one) => one.open)));
      const published = await publishAll(calls);
      for (const [index, accountId] of accounts.entries()) {
        const expected = idsFor(published, accountId, filter);
        for (const received of streams[index]!.received) await expectExactly(received, expected);
        const hook = hooks[index]!;
        await eventually(() => expect(receiver.idsFor(hook)).toEqual(expected));
        expect(receiver.accountsFor(hook)).toEqual(expected.length === 0 ? [] : [accountId]);
      }
      await Promise.all(streams.flatMap(({ received }) => received.map((one) => one.close())));
      for (const [index, accountId] of accounts.entries()) everyHook.push({ accountId, hook: hooks[index]! });
      await Promise.all(hooks.map((hook) => hook.delete()));
    }
    // Nor later.
    for (const { accountId, hook } of everyHook) expect([[], [accountId]]).toContainEqual(receiver.accountsFor(hook));
    expect(receiver.refused).toEqual([]);
  }, 120_000);

  function openBoth(accountId: string, filter: EventFilter): Received[] {
    const { types, callIds, from, to, directions, filters } = filter;
    const query = { types: types.join(), call_id: callIds.join(), from: from.join(), to: to.join(), direction: directions.join(), filters: JSON.stringify(filters) };
    const token = tokens.get(accountId)!;
    return [
      streamOverGrpc(router.client(token), { filter: toEventFilterMessage(filter) }),
      streamOverSse(router, token, { query }),
    ];
  }

  async function expectExactly(received: Received, expected: readonly string[]): Promise<void> {
    await eventually(() => expect(received.events.map((event) => event.id).sort()).toEqual(expected));
  }
});
