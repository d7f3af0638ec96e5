import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { filterVocabulary, subscriptionsStream, subscriptionSubject } from '@parley/bus';
import { CreateSubscriptionRequest, Sink, SubscriptionChanged, type EventFilter } from '@parley/contracts';
import { toEventFilterMessage, everyEvent, type FilterExpression } from '@parley/filters';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const service = startedService({ nats, database: testDatabase(), keys: testKeys() });

let accounts = 0;
const newAccount = () => `filters-${(accounts += 1)}`;

const webhook = Sink.fromPartial({ kind: { $case: 'webhook', value: { url: 'https://hooks.example.com/parley' } } });

function request(filter: EventFilter, sink: Sink = webhook): CreateSubscriptionRequest {
  // Not completed by fromPartial, which calls itself once a level.
  return { ...CreateSubscriptionRequest.fromPartial({ requestId: randomUUID() }), filter, sink };
}

const withExpressions = (...filters: FilterExpression[]) => toEventFilterMessage({ ...everyEvent, filters });

describe('a subscription with filter expressions', () => {
  test('keeps them and makes them known, whatever attributes they name', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const each = filterVocabulary.attributes.map((name): FilterExpression => ({ prefix: { [name]: filterVocabulary.values[name]?.[0] ?? 'a' } }));
    const filter = withExpressions({ exact: { type: 'call.completed', 'data.status': 'busy' } }, { not: { any: each } });
    const { subscription } = await client.createSubscription(request(filter));
    expect(subscription!.filter).toEqual(filter);
    const { subscriptionId } = subscription!;
    expect((await client.getSubscription({ subscriptionId })).subscription!.filter).toEqual(filter);
    const message = await nats.bus.jsm.streams.getMessage(subscriptionsStream, { last_by_subj: subscriptionSubject(accountId, subscriptionId) });
    expect(SubscriptionChanged.decode(message!.data).subscription!.filter).toEqual(filter);
  });

  test('is refused by the position of each fault', async () => {
    const client = await service.client(newAccount());
    const filter = withExpressions({ any: [{ exact: { subject: 'a' } }, { not: { suffix: { 'data.text': 'a', callto: '' } } }] });
    await expect(client.createSubscription(request(filter))).rejects.toMatchObject({
      code: 'subscription.invalid_filter',
      details: { violations: [{ field: 'filter.filters[0].any[1].not.suffix.data.text' }, { field: 'filter.filters[0].any[1].not.suffix.callto' }] },
    });
  });

  test('the same request with its filter written in another order is the same', async () => {
    const client = await service.client(newAccount());
    const [one, other]: FilterExpression[] = [{ prefix: { callfrom: '+49' } }, { exact: { 'data.final': 'true' } }];
    const first = request(withExpressions(one!, other!));
    const { subscription } = await client.createSubscription(first);
    expect((await client.createSubscription({ ...first, filter: withExpressions(other!, one!) })).subscription).toEqual(subscription);
    await expect(client.createSubscription({ ...first, filter: withExpressions(one!) })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
  });

  test('cannot be had by a NATS sink: the broker filters by subject', async () => {
    const client = await service.client(newAccount());
    await expect(client.createSubscription(request(withExpressions({ prefix: { type: 'call.' } }), Sink.fromPartial({ kind: { $case: 'nats', value: {} } })))).rejects.toMatchObject({
      code: 'subscription.invalid_filter',
      details: { violations: [{ field: 'filter.filters' }] },
    });
  });

  // Very deep ones are no message that the protobuf library reads.
  test.each([
    [9, 'subscription.invalid_filter'],
    [1_000, 'request.malformed'],
  ])('nested %d deep is refused: %s', async (levels, code) => {
    const client = await service.client(newAccount());
    const filter = withExpressions({ exact: { subject: 'a' } });
    for (let level = 1; level < levels; level += 1) filter.filters = [{ dialect: { $case: 'not', value: filter.filters[0]! } }];
    await expect(client.createSubscription(request(filter))).rejects.toMatchObject({ code });
  });
});
