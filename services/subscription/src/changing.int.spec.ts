import { describe, expect, test } from '@jest/globals';
import { subscriptionSubject } from '@parley/bus';
import { DeleteSubscriptionRequest, EventFilter, StartPosition, UpdateSubscriptionRequest, type CreateSubscriptionRequest, type Subscription } from '@parley/contracts';
import { everyEvent } from '@parley/filters';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { create } from './domain/account-subscriptions.ts';
import { createAccountRepository } from './store/account-repository.ts';
import { code, creation, lastAnnounced, natsSink, newAccount, webhook, webhookTo, webhookUrl } from './test-support/requests.ts';
import { startedService, type SubscriptionClient } from './test-support/started-service.ts';
import { listSubscriptions } from './usecases/list-subscriptions.ts';
import { newSigningKey } from './usecases/new-signing-key.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

const filter = EventFilter.fromPartial({ types: ['billing.charged'] });
const otherUrl = `${webhookUrl}/other`;

async function created(client: SubscriptionClient, overrides: Partial<CreateSubscriptionRequest> = {}): Promise<Subscription> {
  return (await client.createSubscription(creation(overrides))).subscription!;
}

/** A request that names other values of everything that can be changed, whatever its mask. */
function change(subscriptionId: string, rest: Partial<UpdateSubscriptionRequest>): UpdateSubscriptionRequest {
  return { ...UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter, paused: true, sink: webhookTo(otherUrl) }), ...rest };
}

describe('an update mask', () => {
  const sink = (url: string) => ({ kind: { value: { url } } });

  test.each<[string[] | undefined, object]>([
    [undefined, { filter, paused: true, sink: sink(webhookUrl) }],
    [[], { filter, paused: true, sink: sink(webhookUrl) }],
    [['filter'], { filter, paused: false, sink: sink(webhookUrl) }],
    [['paused'], { filter: EventFilter.fromPartial({}), paused: true, sink: sink(webhookUrl) }],
    [['sink.webhook.url'], { filter: EventFilter.fromPartial({}), paused: false, sink: sink(otherUrl) }],
    [['paused', 'sink.webhook.url', 'filter', 'paused'], { filter, paused: true, sink: sink(otherUrl) }],
  ])('%j replaces what it names, and that is announced', async (updateMask, expected) => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const before = await created(client);
    const { subscriptionId } = before;
    const { subscription } = await client.updateSubscription(change(subscriptionId, { updateMask }));
    expect(subscription).toMatchObject(expected);
    expect((await client.getSubscription({ subscriptionId })).subscription).toEqual(subscription);
    expect(await lastAnnounced(nats.bus, subscriptionSubject(accountId, subscriptionId))).toMatchObject({ subscription, revision: 2n });
    expect(subscription).toMatchObject({ createTime: before.createTime, startsAfter: before.startsAfter, webhookKeys: before.webhookKeys });
  });

  test('pauses and resumes, and leaves the rest', async () => {
    const client = await service.client(newAccount());
    const { subscriptionId } = await created(client, { filter });
    for (const paused of [true, false]) {
      const { subscription } = await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused, updateMask: ['paused'] }));
      expect(subscription).toMatchObject({ paused, filter });
    }
  });

  test.each<[string, Partial<UpdateSubscriptionRequest>, string, string | undefined]>([
    ['an unknown path, by its position', { updateMask: ['paused', 'sink.nats'] }, 'request.invalid_argument', 'update_mask.paths[1]'],
    ['a path inside of the filter', { updateMask: ['filter.types'] }, 'request.invalid_argument', 'update_mask.paths[0]'],
    ['a name that every object has', { updateMask: ['constructor'] }, 'request.invalid_argument', 'update_mask.paths[0]'],
    ['a URL that may not be called', { updateMask: ['sink.webhook.url'], sink: webhookTo('http://169.254.169.254/') }, 'egress.forbidden_address', undefined],
    ['no URL', { updateMask: ['sink.webhook.url'], sink: undefined }, 'subscription.invalid_sink', 'sink.webhook.url'],
    ['a bad filter', { updateMask: ['filter'], filter: EventFilter.fromPartial({ types: ['call.nonsense'] }) }, 'subscription.invalid_filter', 'filter.types[0]'],
  ])('with %s is refused and changes nothing', async (_, bad, expected, field) => {
    const client = await service.client(newAccount());
    const before = await created(client);
    const details = field === undefined ? {} : { details: { violations: [expect.objectContaining({ field })] } };
    await expect(client.updateSubscription(change(before.subscriptionId, bad))).rejects.toMatchObject({ code: expected, ...details });
    expect((await client.getSubscription({ subscriptionId: before.subscriptionId })).subscription).toEqual(before);
  });
});

describe('an etag', () => {
  test('is of one state: a change for another one is refused, and so is a deletion', async () => {
    const client = await service.client(newAccount());
    const first = await created(client);
    const { subscriptionId } = first;
    const pause = (paused: boolean, etag: string) => client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused, updateMask: ['paused'], etag }));
    const second = (await pause(true, first.etag)).subscription!;
    expect(second.etag).not.toBe(first.etag);
    await expect(pause(false, first.etag)).rejects.toEqual(code('subscription.etag_mismatch'));
    await expect(client.deleteSubscription({ subscriptionId, etag: first.etag })).rejects.toEqual(code('subscription.etag_mismatch'));
    expect((await client.getSubscription({ subscriptionId })).subscription).toEqual(second);
    await expect(client.deleteSubscription({ subscriptionId, etag: second.etag })).resolves.toBeDefined();
  });

  test('lets one of several win that change the same state at a time', async () => {
    const client = await service.client(newAccount());
    const { subscriptionId, etag } = await created(client);
    const rivals = Array.from({ length: 6 }, (_, index) => client.updateSubscription(change(subscriptionId, { etag, sink: webhookTo(`${webhookUrl}/${index}`), updateMask: ['sink.webhook.url'] })));
    const outcomes = await Promise.allSettled(rivals);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(code('subscription.etag_mismatch'));
  });

  test('empty is for whatever state', async () => {
    const client = await service.client(newAccount());
    const { subscriptionId } = await created(client);
    await client.updateSubscription(change(subscriptionId, {}));
    await expect(client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }))).resolves.toBeDefined();
  });

  test('goes with the times: created stays, updated moves', async () => {
    const client = await service.client(newAccount());
    const before = await created(client);
    expect(before.updateTime).toEqual(before.createTime);
    expect(Math.abs(Date.now() - before.createTime!.getTime())).toBeLessThan(60_000);
    const { subscription } = await client.updateSubscription(change(before.subscriptionId, {}));
    expect(subscription!.createTime).toEqual(before.createTime);
    expect(subscription!.updateTime!.getTime()).toBeGreaterThanOrEqual(before.updateTime!.getTime());
  });
});

describe('a creation that comes again', () => {
  test('is answered as at first, whatever was changed since', async () => {
    const client = await service.client(newAccount());
    const request = creation();
    const first = await client.createSubscription(request);
    const { subscriptionId } = first.subscription!;
    await client.updateSubscription(change(subscriptionId, { updateMask: ['filter', 'paused', 'sink.webhook.url'] }));
    expect(await client.createSubscription(request)).toEqual(first);
    expect((await client.getSubscription({ subscriptionId })).subscription).toMatchObject({ paused: true, filter });
  });

  test.each<[string, Partial<CreateSubscriptionRequest>]>([
    ['start', { start: StartPosition.fromPartial({ position: { $case: 'lookback', value: { seconds: 60n } } }) }],
    ['signature scheme', { sink: { kind: { $case: 'webhook', value: { url: webhookUrl, signatureScheme: 2 } } } }],
    ['sink', { sink: natsSink }],
  ])('with another %s is refused', async (_, other) => {
    const client = await service.client(newAccount());
    const request = creation({ sink: webhook });
    await client.createSubscription(request);
    await expect(client.createSubscription({ ...request, ...other })).rejects.toEqual(code('request.idempotency_conflict'));
  });
});

describe('pages', () => {
  test('go on with a token of the same account, and with no other', async () => {
    const [mine, others] = await Promise.all([service.client(newAccount()), service.client(newAccount())]);
    for (const client of [mine, mine, others, others]) await created(client);
    const { nextPageToken } = await mine.listSubscriptions({ pageSize: 1, pageToken: '' });
    expect((await mine.listSubscriptions({ pageSize: 1, pageToken: nextPageToken })).subscriptions).toHaveLength(1);
    await expect(others.listSubscriptions({ pageSize: 1, pageToken: nextPageToken })).rejects.toEqual(code('request.invalid_argument'));
  });

  test('have a hundred at most, whatever size is asked for', async () => {
    const accountId = newAccount();
    const accounts = await createAccountRepository(database.db, async () => undefined);
    const sink = { kind: 'webhook', url: webhookUrl, scheme: 'hmac-sha256', keys: [newSigningKey('hmac-sha256', 1)] } as const;
    const given = { filter: everyEvent, sink, startsAfter: {}, createTimeMs: 1, request: { requestId: 'r', digest: 'd' } };
    for (let index = 0; index <= 100; index += 1) await accounts.change(accountId, (account) => create(account, { ...given, subscriptionId: `sub-${index}` }, 1_000));
    for (const pageSize of [0, 101, 2_147_483_647]) {
      const first = await listSubscriptions(accounts, { accountId, pageSize, pageToken: '' });
      expect(first.subscriptions).toHaveLength(100);
      expect((await listSubscriptions(accounts, { accountId, pageSize, pageToken: first.nextPageToken })).subscriptions).toHaveLength(1);
    }
  });

  test('may be asked for of any size that is not negative, with a token that is one', async () => {
    const client = await service.client(newAccount());
    await created(client);
    expect((await client.listSubscriptions({ pageSize: 2_147_483_647, pageToken: '' })).subscriptions).toHaveLength(1);
    await expect(client.listSubscriptions({ pageSize: -2_147_483_648, pageToken: '' })).rejects.toEqual(code('request.invalid_argument'));
    await expect(client.listSubscriptions({ pageSize: 1, pageToken: 'QUFB'.repeat(10_000) })).rejects.toEqual(code('request.invalid_argument'));
  });
});
