import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventStreams, filterVocabulary, subscriptionSubject } from '@parley/bus';
import { createCursorCodec, incarnationOf, readCursorCodec } from '@parley/cursor';
import { EventFilter, RewindSubscriptionRequest, StartPosition, type Subscription } from '@parley/contracts';
import { everyEvent } from '@parley/filters';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { createNatsBroker } from './bus/nats-broker.ts';
import { defaultSettings } from './domain/settings.ts';
import { createAccountRepository } from './store/account-repository.ts';
import { code, creation, lastAnnounced, newAccount } from './test-support/requests.ts';
import { startedService } from './test-support/started-service.ts';
import { neighbourOf, newCallId, publishCallEvent, storeCallEvent } from './test-support/stored-events.ts';
import type { Broker } from './usecases/broker.ts';
import { resolveStart } from './usecases/resolve-start.ts';
import { rewindSubscription } from './usecases/rewind-subscription.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

/** With the service's own rights. */
let broker: Broker;
beforeAll(async () => {
  broker = createNatsBroker(await nats.connectAs('subscription'));
});

const lookback = (seconds: number) => StartPosition.fromPartial({ position: { $case: 'lookback', value: { seconds: BigInt(seconds) } } });
const beginning = StartPosition.fromPartial({ position: { $case: 'beginningOfCall', value: true } });
const callPosition = ({ startsAfter }: Subscription) => Number(startsAfter.find(({ stream }) => stream === eventStreams.call)!.sequence);
const account = (accountId: string, retentionMs = defaultSettings.retentionMs) => ({ accountId, nextRevision: 1, subscriptions: [], settings: { ...defaultSettings, retentionMs } });
const store = (accountId: string, callId: string, sequence: number) => storeCallEvent(nats.bus, { accountId, callId, sequence });

describe('a look back', () => {
  test('begins with the first event that is not older, to the millisecond', async () => {
    const stored = [];
    for (let sequence = 0; sequence < 3; sequence += 1) stored.push(await store('acme', newCallId(), sequence));
    const at = async (timeMs: number) => {
      const nowMs = timeMs + 60_000;
      return (await resolveStart(broker, account('acme'), { start: { kind: 'lookback', lookbackMs: 60_000 }, filter: everyEvent, nowMs }))[eventStreams.call];
    };
    const [, second, third] = stored;
    expect(await at(second!.timeMs)).toBe(second!.sequence - 1);
    expect(await at(second!.timeMs + 1)).toBe(third!.sequence - 1);
    expect(await at(third!.timeMs + 1)).toBe(third!.sequence);
    expect(await at(0)).toBe(0);
  });

  test('of a stream that is empty, or has nothing so young, begins at its end', async () => {
    const positions = await broker.positionsBefore({ call: Date.now() + 60_000, reaction: 0, billing: 0 });
    const { state } = await nats.bus.jsm.streams.info(eventStreams.call);
    expect(positions).toEqual({ [eventStreams.call]: state.last_seq, [eventStreams.reaction]: 0, [eventStreams.billing]: 0 });
  });

  test('is announced as positions, and longer than the account keeps is refused', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    await store(accountId, newCallId(), 0);
    const { subscription } = await client.createSubscription(creation({ start: lookback(3_600) }));
    expect(callPosition(subscription!)).toBe(0);
    expect((await lastAnnounced(nats.bus, subscriptionSubject(accountId, subscription!.subscriptionId)))?.subscription).toEqual(subscription);
    const { state } = await nats.bus.jsm.streams.info(eventStreams.call);
    const { subscription: now } = await client.createSubscription(creation({ start: lookback(0) }));
    expect(callPosition(now!)).toBe(state.last_seq);

    await (await service.settings(accountId)).updateEventRetention({ retentions: [{ eventClass: 'billing', retention: { seconds: 60n, nanos: 0 } }] });
    await expect(client.createSubscription(creation({ start: lookback(61) }))).rejects.toEqual(code('subscription.start_expired'));
    await expect(client.createSubscription(creation({ start: lookback(61), filter: EventFilter.fromPartial({ types: ['call.*'] }) }))).resolves.toBeDefined();
    await expect(client.createSubscription(creation({ start: lookback(8 * 24 * 3_600) }))).rejects.toEqual(code('subscription.start_expired'));
    await expect(client.createSubscription(creation({ start: lookback(-1) }))).rejects.toEqual(code('subscription.invalid_start'));
  });

  test('that comes again when it has expired is answered as at first', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const request = creation({ start: lookback(120) });
    const first = await client.createSubscription(request);
    const retention = { seconds: 60n, nanos: 0 };
    await (await service.settings(accountId)).updateEventRetention({ retentions: ['call', 'reaction', 'billing'].map((eventClass) => ({ eventClass, retention })) });
    expect(await client.createSubscription(request)).toEqual(first);
    await expect(client.createSubscription(creation({ start: lookback(120) }))).rejects.toEqual(code('subscription.start_expired'));
  });
});

describe('the beginning of a call', () => {
  const fromBeginning = (...callIds: string[]) => creation({ filter: EventFilter.fromPartial({ callIds }), start: beginning });

  test('is found among other calls of its partition, however many events are before it', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const callId = newCallId();
    const neighbour = neighbourOf(callId);
    const crowd = Array.from({ length: 1_100 }, (_, sequence) => publishCallEvent(nats.bus, { accountId, callId: neighbour, sequence }));
    await Promise.all(crowd);
    const first = await store(accountId, callId, 0);
    await store(accountId, callId, 1);
    const [found] = await broker.callBeginnings({ accountId, callIds: [callId], sinceMs: 0 });
    expect(found).toEqual({ callId, timeMs: first.timeMs });
    const position = callPosition((await client.createSubscription(fromBeginning(callId))).subscription!);
    expect(position).toBeLessThan(first.sequence);
  });

  test('of several calls is with the earliest, and each must be kept', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const [early, late, cut] = [newCallId(), newCallId(), newCallId()] as const;
    const first = await store(accountId, early, 0);
    await store(accountId, late, 0);
    await store(accountId, cut, 7);
    expect(callPosition((await client.createSubscription(fromBeginning(late, early))).subscription!)).toBeLessThan(first.sequence);
    for (const callIds of [[early, cut], [early, newCallId()]]) {
      await expect(client.createSubscription(fromBeginning(...callIds))).rejects.toEqual(code('subscription.start_expired'));
    }
  });

  test('that the account keeps no longer is refused, and so is one of another account', async () => {
    const accountId = newAccount();
    const callId = newCallId();
    const { timeMs } = await store(accountId, callId, 0);
    const filter = { ...everyEvent, callIds: [callId] };
    const at = (nowMs: number, account_ = account(accountId, { ...defaultSettings.retentionMs, reaction: 60_000 })) =>
      resolveStart(broker, account_, { start: { kind: 'beginning-of-call' }, filter, nowMs });
    await expect(at(timeMs + 59_999)).resolves.toBeDefined();
    await expect(at(timeMs + 60_001)).rejects.toEqual(code('subscription.start_expired'));
    await expect(at(timeMs, account('someone'))).rejects.toEqual(code('subscription.start_expired'));
  });

  test('needs the calls to be named', async () => {
    const client = await service.client(newAccount());
    await expect(client.createSubscription(creation({ start: beginning }))).rejects.toEqual(code('subscription.invalid_start'));
    const not = StartPosition.fromPartial({ position: { $case: 'beginningOfCall', value: false } });
    await expect(client.createSubscription({ ...fromBeginning(newCallId()), start: not })).rejects.toEqual(code('subscription.invalid_start'));
  });
});

describe('rewinding', () => {
  const toStart = (subscriptionId: string, start: StartPosition) => RewindSubscriptionRequest.fromPartial({ subscriptionId, to: { $case: 'start', value: start } });

  test('announces the positions and one rewinding more', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    await store(accountId, newCallId(), 0);
    const { subscription: before } = await client.createSubscription(creation());
    const { subscriptionId } = before!;
    for (const rewind of [1n, 2n]) {
      const { subscription } = await client.rewindSubscription(toStart(subscriptionId, lookback(3_600)));
      expect(callPosition(subscription!)).toBe(0);
      expect(subscription!.etag).not.toBe(before!.etag);
      expect(await lastAnnounced(nats.bus, subscriptionSubject(accountId, subscriptionId))).toMatchObject({ subscription, rewind });
    }
  });

  test('is refused where a subscription could not start, and changes nothing', async () => {
    const client = await service.client(newAccount());
    const { subscription } = await client.createSubscription(creation());
    const { subscriptionId } = subscription!;
    await expect(client.rewindSubscription(toStart(subscriptionId, lookback(8 * 24 * 3_600)))).rejects.toEqual(code('subscription.start_expired'));
    await expect(client.rewindSubscription(toStart(subscriptionId, beginning))).rejects.toEqual(code('subscription.invalid_start'));
    await expect(client.rewindSubscription({ subscriptionId, to: undefined })).rejects.toEqual(code('request.invalid_argument'));
    await expect(client.rewindSubscription(toStart('sub-none', lookback(60)))).rejects.toEqual(code('not_found.subscription'));
    await expect(client.rewindSubscription({ subscriptionId, to: { $case: 'cursor', value: 'c' } })).rejects.toEqual(code('cursor.malformed'));
    expect((await client.getSubscription({ subscriptionId })).subscription).toEqual(subscription);
  });

  test('to a cursor goes where it stands, as long as that is kept', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    const { sequence } = await store(accountId, newCallId(), 0);
    const streams = Object.values(eventStreams);
    const infos = await Promise.all(streams.map((stream) => nats.bus.jsm.streams.info(stream)));
    const codec = await readCursorCodec(keys.cursorKeyFile, streams);
    const cursorAt = (position: number, { owner = accountId, created = '' } = {}) =>
      codec.bind({ accountId: owner, filter: 'of any filter' })(
        Object.fromEntries(
          infos.map(({ config, created: actual }) => [
            config.name,
            { incarnation: incarnationOf(created || actual), sequence: config.name === eventStreams.call ? position : 0 },
          ]),
        ),
      );
    const rewindTo = (cursor: string) => client.rewindSubscription({ subscriptionId, to: { $case: 'cursor', value: cursor } });
    expect(callPosition((await rewindTo(cursorAt(sequence - 1))).subscription!)).toBe(sequence - 1);
    await expect(rewindTo(cursorAt(sequence + 1))).rejects.toEqual(code('cursor.too_old'));
    await expect(rewindTo(cursorAt(sequence, { created: 'another time' }))).rejects.toEqual(code('cursor.too_old'));
    await expect(rewindTo(cursorAt(sequence, { owner: 'someone' }))).rejects.toEqual(code('cursor.other_account'));
    const forged = createCursorCodec(Buffer.alloc(32), streams).bind({ accountId, filter: '' })({});
    await expect(rewindTo(forged)).rejects.toEqual(code('cursor.malformed'));
  });

  test('to a cursor is refused when the account keeps what follows it no longer, if the filter asks for that', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const ofAll = (await client.createSubscription(creation())).subscription!;
    const ofBilling = (await client.createSubscription(creation({ filter: EventFilter.fromPartial({ types: ['billing.*'] }) }))).subscription!;
    await (await service.settings(accountId)).updateEventRetention({ retentions: [{ eventClass: 'call', retention: { seconds: 60n, nanos: 0 } }] });
    const first = await store(accountId, newCallId(), 0);
    await store(accountId, newCallId(), 0);
    const kept = await broker.keptSince({ call: 0, reaction: 0, billing: 0 });
    const before = Object.fromEntries(Object.entries(kept).map(([stream, { incarnation, lastSequence }]) => [stream, { incarnation, sequence: stream === eventStreams.call ? first.sequence - 1 : lastSequence }]));
    const accounts = await createAccountRepository(database.db, async () => undefined);
    const rewindAt = (nowMs: number, { subscriptionId }: Subscription) => {
      const ports = { accounts, broker, checkUrl: () => undefined, decodeCursor: () => before, vocabulary: filterVocabulary, limit: 5, now: () => nowMs };
      return rewindSubscription(ports, { accountId, subscriptionId, to: { kind: 'cursor', cursor: 'as it was then' } });
    };
    await expect(rewindAt(first.timeMs + 60_000, ofAll)).resolves.toMatchObject({ startsAfter: { [eventStreams.call]: first.sequence - 1 } });
    await expect(rewindAt(first.timeMs + 60_001, ofAll)).rejects.toEqual(code('cursor.too_old'));
    await expect(rewindAt(first.timeMs + 60_001, ofBilling)).resolves.toBeDefined();
  });
});
