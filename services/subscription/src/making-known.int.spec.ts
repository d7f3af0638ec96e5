import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { downstreamConsumerName, eventStreams, subscriptionsStream, subscriptionSubject } from '@parley/bus';
import { CreateSubscriptionRequest, DeleteSubscriptionRequest, SubscriptionChanged } from '@parley/contracts';
import { everyEvent } from '@parley/filters';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { toChange } from './bus/convert.ts';
import { publishChange } from './bus/subscription-changed-publisher.ts';
import { create, type Subscription } from './domain/account-subscriptions.ts';
import { createAccountRepository } from './store/account-repository.ts';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

async function lastRevision(accountId: string, subscriptionId: string): Promise<bigint | undefined> {
  const subject = subscriptionSubject(accountId, subscriptionId);
  const message = await nats.bus.jsm.streams.getMessage(subscriptionsStream, { last_by_subj: subject });
  return message === null ? undefined : SubscriptionChanged.decode(message.data).revision;
}

describe('a change that a crash left unannounced', () => {
  const crash = new Error('the process died here');

  test('is announced by whoever is there, consumers of the broker included', async () => {
    const dying = await createAccountRepository(database.db, () => Promise.reject(crash));
    const subscriptionId = `sub-${randomUUID()}`;
    const stored = dying.change('acme', (account) =>
      create(account, { subscriptionId, filter: everyEvent, sink: { kind: 'nats' }, startsAfter: {}, request: { requestId: 'r', digest: 'd' } }, 10),
    );
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
    const sink = { kind: 'webhook', url: 'https://example.com/', secret: 'whsec_AAAA' } as const;
    const given = { subscriptionId, filter: everyEvent, sink, startsAfter: {}, request: { requestId: 'r', digest: 'd' } };
    await expect(dying.change('other', (account) => create(account, given, 10))).rejects.toBe(crash);
    const client = await service.client('other');
    await client.createSubscription(CreateSubscriptionRequest.fromPartial({ requestId: 'next', sink: { kind: { $case: 'webhook', value: { url: sink.url } } } }));
    expect(await lastRevision('other', subscriptionId)).toBe(1n);
  });
});

describe('an announcement', () => {
  const subscription: Subscription = {
    subscriptionId: 'sub-1',
    number: 1,
    revision: 1,
    filter: everyEvent,
    sink: { kind: 'webhook', url: 'https://example.com/', secret: 'whsec_AAAA' },
    paused: false,
    startsAfter: {},
    request: { requestId: 'r', digest: 'd' },
  };
  const announce = async (revision: number) => {
    const payload = SubscriptionChanged.encode(toChange('late', { ...subscription, revision }, false)).finish();
    await publishChange(await nats.connectAs('subscription'), { accountId: 'late', subscriptionId: 'sub-1', revision, payload });
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
