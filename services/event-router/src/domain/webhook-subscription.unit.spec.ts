import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileFilter, everyEvent } from '@parley/filters';
import { keysInForce, SubscriptionIndex, type DeliverableEvent, type WebhookSubscription } from './webhook-subscription.ts';

const accountId = fc.constantFrom('acme', 'other', 'third');
const stream = fc.constantFrom('CALL_EVENTS', 'BILLING_EVENTS');
const subscriptions: fc.Arbitrary<WebhookSubscription> = fc.record({
  subscriptionId: fc.constantFrom('s1', 's2', 's3', 's4'),
  accountId,
  filter: fc.record({
    types: fc.subarray(['call.*', 'call.completed', 'billing.charged']),
    callIds: fc.subarray(['CA1', 'CA2']),
    from: fc.subarray(['+1', '+2']),
    to: fc.constant([]),
    directions: fc.subarray(['inbound']),
    filters: fc.constant([]),
  }),
  url: fc.constant('https://example.com/'),
  signingKeys: fc.constant([]),
  rewind: fc.constant(0),
  paused: fc.boolean(),
  startsAfter: fc.dictionary(stream, fc.nat(5)),
  revision: fc.constant(1n),
});
const events: fc.Arbitrary<DeliverableEvent> = fc.record({
  accountId,
  stream,
  streamSequence: fc.integer({ min: 1, max: 10 }),
  attribute: fc
    .record({
      type: fc.constantFrom('call.completed', 'call.ringing', 'billing.charged'),
      subject: fc.constantFrom('CA1', 'CA2'),
      callfrom: fc.constantFrom('+1', '+2'),
      calldirection: fc.constantFrom('inbound', 'outbound-api'),
    })
    .map((attributes: Readonly<Record<string, string>>) => (name: string) => attributes[name]),
});

describe('SubscriptionIndex', () => {
  test('finds exactly those of the account whose filter passes and that start before the event', () => {
    fc.assert(
      fc.property(fc.array(subscriptions), events, (given, event) => {
        const index = new SubscriptionIndex();
        for (const subscription of given) index.put(subscription);
        const latest = new Map(given.map((one) => [`${one.accountId}/${one.subscriptionId}`, one]));
        const expected = [...latest.values()].filter(
          (one) =>
            one.accountId === event.accountId &&
            event.streamSequence > (one.startsAfter[event.stream] ?? 0) &&
            compileFilter(one.filter)(event),
        );
        expect(new Set(index.matching(event))).toEqual(new Set(expected));
      }),
    );
  });

  test('a deleted subscription is gone, others of the account stay', () => {
    const index = new SubscriptionIndex();
    const one = (subscriptionId: string): WebhookSubscription => ({
      subscriptionId,
      accountId: 'acme',
      filter: everyEvent,
      url: 'https://example.com/',
      signingKeys: [],
      rewind: 0,
      paused: false,
      startsAfter: {},
      revision: 1n,
    });
    index.put(one('s1'));
    index.put(one('s2'));
    index.delete('acme', 's1');
    index.delete('nobody', 's2');
    expect(index.get('acme', 's1')).toEqual({ kind: 'deleted' });
    expect(index.get('acme', 's3')).toEqual({ kind: 'unknown' });
    expect(index.get('other', 's2')).toMatchObject({ kind: expect.not.stringMatching('active') });
    expect(index.all().map((each) => each.subscriptionId)).toEqual(['s2']);
  });
});

describe('the keys that sign', () => {
  const key = (secret: string, expiresAt?: number) => ({ secret, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) });
  const signing = (...signingKeys: ReturnType<typeof key>[]) => keysInForce({ signingKeys }, new Date(1_000)).map((one) => one.secret);

  test('are all that are in force', () => {
    expect(signing(key('new'), key('old', 1_001), key('older', 1_000))).toEqual(['new', 'old']);
  });

  test('are never none: then the newest signs', () => {
    expect(signing(key('new', 900), key('old', 800))).toEqual(['new']);
  });
});
