import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { declareStreams, downstreamConsumerName, eventStreams, settingsSubject, subscriptionsStream, subscriptionSubject } from '@parley/bus';
import { CreateSubscriptionRequest, DeleteSubscriptionRequest, SubscriptionChanged } from '@parley/contracts';
import { everyEvent, fromEventFilterMessage, type EventFilter } from '@parley/filters';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { toChange } from './bus/convert.ts';
import { publishChange } from './bus/subscription-changed-publisher.ts';
import { changeRetention } from './domain/account-settings.ts';
import { create, update, type NewSubscription } from './domain/account-subscriptions.ts';
import type { Sink } from './domain/sink.ts';
import type { Subscription } from './domain/subscription.ts';
import { createAccountRepository } from './store/account-repository.ts';
import { code, creation, lastAnnounced, newAccount } from './test-support/requests.ts';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

const webhookSink: Sink = { kind: 'webhook', url: 'https://example.com/', scheme: 'hmac-sha256', keys: [{ keyId: 'k1', secret: 'whsec_AAAA', publicKey: '', createTimeMs: 1 }] };
const given = (subscriptionId: string, sink: Sink): NewSubscription => ({
  subscriptionId,
  filter: everyEvent,
  sink,
  startsAfter: {},
  createTimeMs: 1,
  request: { requestId: 'r', digest: 'd' },
});

const lastRevision = async (accountId: string, subscriptionId: string) => (await lastAnnounced(nats.bus, subscriptionSubject(accountId, subscriptionId)))?.revision;

describe('a change that a crash left unannounced', () => {
  const crash = new Error('the process died here');

  test('is announced by whoever is there, consumers of the broker included', async () => {
    const dying = await createAccountRepository(database.db, () => Promise.reject(crash));
    const subscriptionId = `sub-${randomUUID()}`;
    const stored = dying.change('acme', (account) => create(account, given(subscriptionId, { kind: 'nats' }), 10));
    await expect(stored).rejects.toBe(crash);
    await eventually(async () => {
      expect(await lastRevision('acme', subscriptionId)).toBe(1n);
      expect(await nats.bus.jsm.consumers.info(eventStreams.call, downstreamConsumerName('acme', subscriptionId))).toBeDefined();
    });
    const client = await service.client('acme');
    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
    expect(await lastRevision('acme', subscriptionId)).toBe(2n);
  });

  test('goes before the next change of the account', async () => {
    const dying = await createAccountRepository(database.db, () => Promise.reject(crash));
    const subscriptionId = `sub-${randomUUID()}`;
    await expect(dying.change('other', (account) => create(account, given(subscriptionId, webhookSink), 10))).rejects.toBe(crash);
    const client = await service.client('other');
    await client.createSubscription(CreateSubscriptionRequest.fromPartial({ requestId: 'next', sink: { kind: { $case: 'webhook', value: { url: 'https://example.com/' } } } }));
    expect(await lastRevision('other', subscriptionId)).toBe(1n);
  });
});

test('a change that the broker did not take is made known once it does, and the same request is answered with it', async () => {
  const accountId = newAccount();
  const client = await service.client(accountId);
  const request = creation();
  const settings = await service.settings(newAccount());
  await nats.bus.jsm.streams.delete(subscriptionsStream);
  try {
    await expect(client.createSubscription(request)).rejects.toEqual(code('bus.unavailable'));
    await expect(settings.createVerificationKey({ requestId: 'r' })).rejects.toEqual(code('bus.unavailable'));
  } finally {
    await declareStreams(nats.bus.nc, nats.bus.jsm);
  }
  const { subscriptionId } = (await client.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions[0]!;
  await eventually(async () => expect(await lastRevision(accountId, subscriptionId)).toBe(1n));
  expect((await client.createSubscription(request)).subscription?.subscriptionId).toBe(subscriptionId);
});

test('settings that a crash left unannounced are announced by whoever is there', async () => {
  const accountId = newAccount();
  const dying = await createAccountRepository(database.db, () => Promise.reject(new Error('the process died here')));
  await expect(dying.change(accountId, (account) => changeRetention(account, [{ eventClass: 'call', retentionMs: 60_000 }]))).rejects.toThrow();
  await eventually(async () => {
    const announced = await lastAnnounced(nats.bus, settingsSubject(accountId));
    expect(announced?.settings?.retentions[0]).toEqual({ eventClass: 'call', retention: { seconds: 60n, nanos: 0 } });
  });
});

test('expressions of a filter are stored and made known, names with dots included', async () => {
  const accountId = newAccount();
  const published: SubscriptionChanged[] = [];
  const accounts = await createAccountRepository(database.db, ({ payload }) => Promise.resolve(void published.push(SubscriptionChanged.decode(payload))));
  const filter: EventFilter = { ...everyEvent, filters: [{ any: [{ exact: { 'data.order.$id': '7' } }, { not: { prefix: { type: 'call.' } } }] }] };
  await accounts.change(accountId, (account) => create(account, { ...given('sub-1', webhookSink), filter }, 10));
  expect((await accounts.find(accountId)).subscriptions[0]?.filter).toEqual(filter);
  await accounts.change(accountId, (account) => update(account, 'sub-1', { paused: true, startsAfter: {} }, { nowMs: 2, etag: '' }));
  expect((await accounts.find(accountId)).subscriptions[0]).toMatchObject({ filter, paused: true, created: { filter, paused: false } });
  expect(published.map(({ subscription }) => fromEventFilterMessage(subscription?.filter))).toEqual([filter, filter]);
});

describe('an announcement', () => {
  const subscription: Subscription = { ...given('sub-1', webhookSink), number: 1, revision: 1, rewind: 0, paused: false, updateTimeMs: 1 };
  const announce = async (revision: number) => {
    const payload = SubscriptionChanged.encode(toChange('late', { ...subscription, revision }, false)).finish();
    await publishChange(await nats.connectAs('subscription'), { subject: subscriptionSubject('late', 'sub-1'), revision, payload });
  };

  test('that is late does not replace a later one, and twice is once', async () => {
    await announce(2);
    await announce(1);
    expect(await lastRevision('late', 'sub-1')).toBe(2n);
    const before = await nats.bus.jsm.streams.info(subscriptionsStream);
    await announce(2);
    expect((await nats.bus.jsm.streams.info(subscriptionsStream)).state.last_seq).toBe(before.state.last_seq);
    await announce(3);
    expect(await lastRevision('late', 'sub-1')).toBe(3n);
  });

  test('of many at a time leaves the latest', async () => {
    await Promise.all([7, 4, 9, 5, 8, 6].map(announce));
    expect(await lastRevision('late', 'sub-1')).toBe(9n);
  });
});
