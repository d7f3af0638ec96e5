import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { eventStreams, subscriptionSubject } from '@parley/bus';
import { type CreateSubscriptionRequest, DeleteSubscriptionRequest, EventFilter, UpdateSubscriptionRequest } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { code, creation, lastAnnounced, natsSink, newAccount, textOf, webhookTo, webhookUrl } from './test-support/requests.ts';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys }, 2);

const lastChange = (accountId: string, subscriptionId: string) => lastAnnounced(nats.bus, subscriptionSubject(accountId, subscriptionId));

describe('a webhook subscription', () => {
  test('is created with a secret of the Standard Webhooks kind, and made known with it', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    await nats.bus.js.publish('evt.call.00.someone', 'an event that was there before');
    const { subscription, webhookSecret } = await client.createSubscription(creation({ filter: EventFilter.fromPartial({ types: ['call.*'] }) }));

    expect(webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(() => new Webhook(webhookSecret).sign('id', new Date(), 'body')).not.toThrow();
    const { state } = await nats.bus.jsm.streams.info(eventStreams.call);
    expect(subscription?.startsAfter).toContainEqual({ stream: eventStreams.call, sequence: BigInt(state.last_seq) });
    expect(subscription?.startsAfter).toHaveLength(3);
    expect(await lastChange(accountId, subscription!.subscriptionId)).toMatchObject({ accountId, subscription, deleted: false, webhookSecret, revision: 1n });
  });

  test('the secret is given when it is created, and not again', async () => {
    const client = await service.client(newAccount());
    const { subscription } = await client.createSubscription(creation());
    const { subscriptionId } = subscription!;
    expect((await client.getSubscription({ subscriptionId })).subscription).toEqual(subscription);
    const page = await client.listSubscriptions({ pageSize: 0, pageToken: '' });
    expect(textOf(page)).not.toContain('whsec_');
  });

  test('is replaced in filter and pause, and made known', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    const filter = EventFilter.fromPartial({ types: ['billing.charged'], from: ['client:alice'] });
    const { subscription } = await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter, paused: true }));
    expect(subscription).toMatchObject({ filter, paused: true });
    expect(await lastChange(accountId, subscriptionId)).toMatchObject({ subscription, revision: 2n, deleted: false });
  });

  test('is deleted: not found any more, and made known without its secret', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
    await expect(client.getSubscription({ subscriptionId })).rejects.toEqual(code('not_found.subscription'));
    await expect(client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }))).rejects.toEqual(code('not_found.subscription'));
    expect(await lastChange(accountId, subscriptionId)).toMatchObject({ deleted: true, webhookSecret: '', revision: 2n });
  });
});

describe('idempotence', () => {
  test('the same request is one subscription, whichever replica gets it and however often at a time', async () => {
    const accountId = newAccount();
    const clients = await Promise.all([service.clientOf(0, accountId), service.clientOf(1, accountId)]);
    const same = creation();
    const responses = await Promise.all([...clients, ...clients, ...clients].map((client) => client.createSubscription(same)));
    expect(new Set(responses.map((response) => response.subscription!.subscriptionId)).size).toBe(1);
    expect(new Set(responses.map((response) => response.webhookSecret)).size).toBe(1);
    expect((await clients[0].listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions).toHaveLength(1);
  });

  test.each<[string, Partial<CreateSubscriptionRequest>]>([
    ['URL', { sink: webhookTo(`${webhookUrl}/other`) }],
    ['filter', { filter: EventFilter.fromPartial({ types: ['call.*'] }) }],
    ['sink', { sink: natsSink }],
  ])('the same request id with another %s is refused', async (_, other) => {
    const client = await service.client(newAccount());
    const first = creation();
    await client.createSubscription(first);
    await expect(client.createSubscription({ ...first, ...other })).rejects.toEqual(code('request.idempotency_conflict'));
  });
});

describe('bad requests', () => {
  test.each<[string, Partial<CreateSubscriptionRequest>, string, string | undefined]>([
    ['no request id', { requestId: '' }, 'request.invalid_argument', 'request_id'],
    ['no sink', { sink: undefined }, 'subscription.invalid_sink', 'sink'],
    ['an unknown type', { filter: EventFilter.fromPartial({ types: ['call.*', 'call.finished'] }) }, 'subscription.invalid_filter', 'filter.types[1]'],
    ['a bad address', { filter: EventFilter.fromPartial({ to: ['bob'] }) }, 'subscription.invalid_filter', 'filter.to[0]'],
    ['a URL that is none', { sink: webhookTo('example') }, 'egress.invalid_url', undefined],
    ['a URL of this machine', { sink: webhookTo('http://127.0.0.1:80/') }, 'egress.forbidden_address', undefined],
    ['a URL of the metadata service', { sink: webhookTo('http://169.254.169.254/') }, 'egress.forbidden_address', undefined],
    ['a NATS sink for one type', { sink: natsSink, filter: EventFilter.fromPartial({ types: ['call.completed'] }) }, 'subscription.invalid_filter', 'filter.types[0]'],
  ])('%s', async (_, bad, expected, field) => {
    const client = await service.client(newAccount());
    const details = field === undefined ? undefined : { violations: [expect.objectContaining({ field })] };
    await expect(client.createSubscription(creation(bad))).rejects.toMatchObject({ code: expected, ...(details === undefined ? {} : { details }) });
    expect((await client.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions).toEqual([]);
  });

  test('an address that is allowed for local work', async () => {
    const client = await service.client(newAccount());
    await expect(client.createSubscription(creation({ sink: webhookTo('http://127.0.0.1:9999/') }))).resolves.toBeDefined();
  });

  test('no more than the account may have', async () => {
    const client = await service.client(newAccount());
    const created = await Promise.allSettled(Array.from({ length: 8 }, () => client.createSubscription(creation())));
    expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of created) if (result.status === 'rejected') expect(result.reason).toEqual(code('subscription.limit_reached'));
  });

  test.each(['device', 'observe', 'service'] as const)('a token of scope %s', async (scope) => {
    const client = await service.client('acme');
    const token = await keys.token({ scope });
    await expect(client.createSubscription(creation(), { token })).rejects.toEqual(code('auth.wrong_scope'));
  });

  test('no token, one that is none, and one that is expired', async () => {
    const client = await service.client('acme');
    await expect(client.listSubscriptions({ pageSize: 0, pageToken: '' }, { token: '' })).rejects.toEqual(code('auth.missing'));
    await expect(client.listSubscriptions({ pageSize: 0, pageToken: '' }, { token: 'nonsense' })).rejects.toEqual(code('auth.malformed'));
    const token = await keys.token({ ttlSeconds: -60 });
    await expect(client.listSubscriptions({ pageSize: 0, pageToken: '' }, { token })).rejects.toEqual(code('auth.expired'));
  });
});

describe('accounts', () => {
  test("another account's subscription does not exist", async () => {
    const [mine, others] = await Promise.all([service.client(newAccount()), service.client(newAccount())]);
    const { subscriptionId } = (await mine.createSubscription(creation())).subscription!;
    await expect(others.getSubscription({ subscriptionId })).rejects.toEqual(code('not_found.subscription'));
    await expect(others.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }))).rejects.toEqual(code('not_found.subscription'));
    await expect(others.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: true }))).rejects.toEqual(code('not_found.subscription'));
    expect((await others.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions).toEqual([]);
  });

  test('pages', async () => {
    const client = await service.client(newAccount());
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await client.createSubscription(creation())).subscription!.subscriptionId);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await client.listSubscriptions({ pageSize: 2, pageToken });
      seen.push(...page.subscriptions.map((one) => one.subscriptionId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen).toEqual(ids);
    await expect(client.listSubscriptions({ pageSize: 2, pageToken: '!' })).rejects.toEqual(code('request.invalid_argument'));
    await expect(client.listSubscriptions({ pageSize: -1, pageToken: '' })).rejects.toEqual(code('request.invalid_argument'));
  });
});
