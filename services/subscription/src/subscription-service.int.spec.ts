import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { AckPolicy } from '@nats-io/jetstream';
import { Webhook } from 'standardwebhooks';
import { eventStreams, subscriptionsStream, subscriptionSubject } from '@parley/bus';
import { CreateSubscriptionRequest, DeleteSubscriptionRequest, EventFilter, Sink, SubscriptionChanged, UpdateSubscriptionRequest } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys }, 2);

const webhookUrl = 'https://hooks.example.com/parley';
const webhookTo = (url: string) => Sink.fromPartial({ kind: { $case: 'webhook', value: { url } } });
const webhook = webhookTo(webhookUrl);
const natsSink = Sink.fromPartial({ kind: { $case: 'nats', value: {} } });
const newAccount = () => `account-${randomUUID().slice(0, 8)}`;

function request(overrides: Partial<CreateSubscriptionRequest> = {}): CreateSubscriptionRequest {
  return { ...CreateSubscriptionRequest.fromPartial({ requestId: randomUUID(), sink: webhook }), ...overrides };
}

async function lastChange(accountId: string, subscriptionId: string): Promise<SubscriptionChanged | undefined> {
  const subject = subscriptionSubject(accountId, subscriptionId);
  const message = await nats.bus.jsm.streams.getMessage(subscriptionsStream, { last_by_subj: subject });
  return message === null ? undefined : SubscriptionChanged.decode(message.data);
}

const code = (code: string) => expect.objectContaining({ code });

describe('a webhook subscription', () => {
  test('is created with a secret of the Standard Webhooks kind, and made known with it', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    await nats.bus.js.publish('evt.call.00.someone', 'an event that was there before');
    const { subscription, webhookSecret } = await client.createSubscription(request({ filter: EventFilter.fromPartial({ types: ['call.*'] }) }));

    expect(webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(() => new Webhook(webhookSecret).sign('id', new Date(), 'body')).not.toThrow();
    const { state } = await nats.bus.jsm.streams.info(eventStreams.call);
    expect(subscription?.startsAfter).toContainEqual({ stream: eventStreams.call, sequence: BigInt(state.last_seq) });
    expect(subscription?.startsAfter).toHaveLength(3);
    expect(await lastChange(accountId, subscription!.subscriptionId)).toMatchObject({ accountId, subscription, deleted: false, webhookSecret, revision: 1n });
  });

  test('the secret is given when it is created, and not again', async () => {
    const client = await service.client(newAccount());
    const { subscription } = await client.createSubscription(request());
    const { subscriptionId } = subscription!;
    expect((await client.getSubscription({ subscriptionId })).subscription).toEqual(subscription);
    const page = await client.listSubscriptions({ pageSize: 0, pageToken: '' });
    expect(JSON.stringify(page, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('whsec_');
  });

  test('is replaced in filter and pause, and made known', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscriptionId } = (await client.createSubscription(request())).subscription!;
    const filter = EventFilter.fromPartial({ types: ['billing.charged'], from: ['client:alice'] });
    const { subscription } = await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter, paused: true }));
    expect(subscription).toMatchObject({ filter, paused: true });
    expect(await lastChange(accountId, subscriptionId)).toMatchObject({ subscription, revision: 2n, deleted: false });
  });

  test('is deleted: not found any more, and made known without its secret', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscriptionId } = (await client.createSubscription(request())).subscription!;
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
    const same = request();
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
    const client = await service.client('acme');
    const first = request();
    await client.createSubscription(first);
    await expect(client.createSubscription({ ...first, ...other })).rejects.toEqual(code('request.idempotency_conflict'));
    await removeAll('acme');
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
    await expect(client.createSubscription(request(bad))).rejects.toMatchObject({ code: expected, ...(details === undefined ? {} : { details }) });
    expect((await client.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions).toEqual([]);
  });

  test('an address that is allowed for local work', async () => {
    const client = await service.client(newAccount());
    await expect(client.createSubscription(request({ sink: webhookTo('http://127.0.0.1:9999/') }))).resolves.toBeDefined();
  });

  test('no more than the account may have', async () => {
    const client = await service.client(newAccount());
    const created = await Promise.allSettled(Array.from({ length: 8 }, () => client.createSubscription(request())));
    expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of created) if (result.status === 'rejected') expect(result.reason).toEqual(code('subscription.limit_reached'));
  });

  test.each(['device', 'observe', 'service'] as const)('a token of scope %s', async (scope) => {
    const client = await service.client('acme');
    const token = await keys.token({ scope });
    await expect(client.createSubscription(request(), { token })).rejects.toEqual(code('auth.wrong_scope'));
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
    const { subscriptionId } = (await mine.createSubscription(request())).subscription!;
    await expect(others.getSubscription({ subscriptionId })).rejects.toEqual(code('not_found.subscription'));
    await expect(others.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }))).rejects.toEqual(code('not_found.subscription'));
    await expect(others.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: true }))).rejects.toEqual(code('not_found.subscription'));
    expect((await others.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions).toEqual([]);
  });

  test('pages', async () => {
    const client = await service.client(newAccount());
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await client.createSubscription(request())).subscription!.subscriptionId);
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

const downstreamAccount = 'acme';

async function removeAll(accountId: string): Promise<void> {
  const client = await service.client(accountId);
  for (const { subscriptionId } of (await client.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions) {
    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
  }
}

describe('a NATS sink', () => {
  /** Of the account's one NATS sink. */
  const consumerOf = async (stream: string) => {
    const [found] = (await nats.bus.jsm.consumers.list(stream).next()).filter(({ name }) => name.startsWith(`downstream-${downstreamAccount}-`));
    if (found === undefined) throw new Error('consumer not found');
    return found;
  };
  const callBodies = async (): Promise<string[]> => {
    const consumer = await nats.bus.js.consumers.get(eventStreams.call, (await consumerOf(eventStreams.call)).name);
    const bodies: string[] = [];
    for await (const message of await consumer.fetch({ max_messages: 5, expires: 1_000 })) bodies.push(message.string());
    return bodies;
  };

  test('has a durable consumer on each stream that delivers what comes from now on, and goes with the subscription', async () => {
    const client = await service.client(downstreamAccount);
    await nats.bus.js.publish('evt.call.00.acme', 'before');
    const { consumerName, streams, subscription, webhookSecret } = await client.createSubscription(request({ sink: natsSink }));
    expect({ consumerName, streams, webhookSecret }).toEqual({ consumerName: `downstream-acme-${subscription!.subscriptionId}`, streams: Object.values(eventStreams), webhookSecret: '' });
    for (const stream of streams) {
      expect((await consumerOf(stream)).config).toMatchObject({ durable_name: consumerName, ack_policy: AckPolicy.Explicit, filter_subject: expect.stringMatching(/^evt\.\w+\.\*\.acme$/) });
    }
    await nats.bus.js.publish('evt.call.00.acme', 'after');
    await nats.bus.js.publish('evt.call.00.other', 'not ours');
    expect(await callBodies()).toEqual(['after']);

    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId: subscription!.subscriptionId }));
    for (const stream of streams) await expect(consumerOf(stream)).rejects.toThrow('consumer not found');
  });

  test('is the only one of its account', async () => {
    const client = await service.client(downstreamAccount);
    await client.createSubscription(request({ sink: natsSink }));
    await expect(client.createSubscription(request({ sink: natsSink }))).rejects.toEqual(code('subscription.sink_exists'));
    await removeAll(downstreamAccount);
  });

  test('for one class has a consumer on its stream alone, and follows a change of the filter', async () => {
    const client = await service.client(downstreamAccount);
    const { streams, subscription } = await client.createSubscription(request({ sink: natsSink, filter: EventFilter.fromPartial({ types: ['billing.*'] }) }));
    expect(streams).toEqual([eventStreams.billing]);
    await expect(consumerOf(eventStreams.call)).rejects.toThrow('consumer not found');
    const { subscriptionId } = subscription!;
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter: EventFilter.fromPartial({ types: ['call.*'] }), paused: false }));
    await expect(consumerOf(eventStreams.billing)).rejects.toThrow('consumer not found');
    expect(await consumerOf(eventStreams.call)).toBeDefined();
    await expect(client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: true }))).rejects.toEqual(code('subscription.invalid_sink'));
    await removeAll(downstreamAccount);
  });

  test('gets of a class that is included later what comes from then on, also when it is included again', async () => {
    const client = await service.client(downstreamAccount);
    const billing = EventFilter.fromPartial({ types: ['billing.*'] });
    const { subscriptionId } = (await client.createSubscription(request({ sink: natsSink, filter: billing }))).subscription!;
    const { config: before } = await consumerOf(eventStreams.billing);
    for (const round of ['first', 'second']) {
      await nats.bus.js.publish('evt.call.00.acme', `before the ${round}`);
      await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: false }));
      await nats.bus.js.publish('evt.call.00.acme', `after the ${round}`);
      expect(await callBodies()).toEqual([`after the ${round}`]);
      expect((await consumerOf(eventStreams.billing)).config).toEqual(before);
      await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter: billing, paused: false }));
    }
    await removeAll(downstreamAccount);
  });

  test('a consumer that an interrupted change of the filter left is replaced by one that starts where it should', async () => {
    const client = await service.client(downstreamAccount);
    const { subscriptionId } = (await client.createSubscription(request({ sink: natsSink }))).subscription!;
    const { config: left } = await consumerOf(eventStreams.call);
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter: EventFilter.fromPartial({ types: ['billing.*'] }), paused: false }));
    await nats.bus.jsm.consumers.add(eventStreams.call, left);
    await nats.bus.js.publish('evt.call.00.acme', 'while it was excluded');
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: false }));
    await nats.bus.js.publish('evt.call.00.acme', 'included');
    expect(await callBodies()).toEqual(['included']);
    await removeAll(downstreamAccount);
  });
});
