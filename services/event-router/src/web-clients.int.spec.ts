import { beforeAll, describe, expect, test } from '@jest/globals';
import { settingsSubject } from '@parley/bus';
import { AccountSettings, SubscriptionChanged } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { makeVerificationToken } from '@parley/verification';
import { testCall } from './test-support/call-events.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { streamOverGrpc, streamOverSse, streamOverWebSocket } from './test-support/subscribers.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let router: Router;

beforeAll(async () => {
  router = await routers.start();
});

const secret = Buffer.alloc(32, 7);
const otherSecret = Buffer.alloc(32, 8);
const code = (code: string) => expect.objectContaining({ code });
let revision = 0n;

/** As the subscription service announces them. */
async function settle(accountId: string, settings: Parameters<typeof AccountSettings.fromPartial>[0]): Promise<void> {
  revision += 1n;
  const change = SubscriptionChanged.fromPartial({ accountId, revision, settings: AccountSettings.fromPartial(settings) });
  await nats.bus.js.publish(settingsSubject(accountId), SubscriptionChanged.encode(change).finish());
}

function tokenFor(accountId: string, filter: string, { keyId = 'vk-1', ttlSeconds = 600, with: sealing = secret, audience = `http://127.0.0.1:${router.httpPort}/v1/events` } = {}): string {
  return makeVerificationToken({ keyId, secret: sealing, accountId, audience, filter, expiresAt: new Date(Date.now() + ttlSeconds * 1_000) });
}

const known = { verificationSecrets: [{ keyId: 'vk-1', secret }, { keyId: 'vk-2', secret: otherSecret }] };

describe('a browser without a key', () => {
  test('subscribes to just what its application server made a token for', async () => {
    await settle('acme', known);
    const call = testCall(nats.bus);
    const filter = `call_id=${call.callId}&types=call.*`;
    const query = { types: 'call.*', call_id: call.callId, account: 'acme', verification_token: tokenFor('acme', filter) };
    await eventually(async () => {
      const first = streamOverSse(router, undefined, { query });
      await first.open;
      await first.close();
    });
    const streams = [streamOverSse(router, undefined, { query }), streamOverWebSocket(router, undefined, query)];
    await Promise.all(streams.map((stream) => stream.open));
    await call.publish('billing');
    const event = await call.publish('call');
    for (const stream of streams) await eventually(() => expect(stream.events.map(({ id }) => id)).toEqual([event.id]));
    // It comes back with its cursor, by the same token.
    const again = streamOverSse(router, undefined, { query, headers: { 'last-event-id': streams[0]!.cursor() } });
    await again.open;
    await Promise.all([...streams, again].map((stream) => stream.close()));
  });

  test.each([
    ['another filter', 'verification.mismatch', 403, (filter: string) => ({ types: 'billing.*', verification_token: tokenFor('acme', filter) })],
    ['another account', 'verification.revoked', 403, (filter: string) => ({ account: 'globex', verification_token: tokenFor('acme', filter) })],
    ['another URL', 'verification.mismatch', 403, (filter: string) => ({ verification_token: tokenFor('acme', filter, { audience: 'https://elsewhere.example/v1/events' }) })],
    ['another key', 'verification.mismatch', 403, (filter: string) => ({ verification_token: tokenFor('acme', filter, { with: otherSecret }) })],
    ['a time that is over', 'verification.expired', 401, (filter: string) => ({ verification_token: tokenFor('acme', filter, { ttlSeconds: -1 }) })],
    ['too long a time', 'verification.expired', 401, (filter: string) => ({ verification_token: tokenFor('acme', filter, { ttlSeconds: 3 * 86_400 }) })],
    ['nothing at all', 'verification.malformed', 401, () => ({ verification_token: 'v1.x' })],
    ['no account', 'request.invalid_argument', 400, (filter: string) => ({ account: 'A B', verification_token: tokenFor('acme', filter) })],
  ] as const)('is refused with a token for %s', async (_, expected, status, changed) => {
    await settle('acme', known);
    const query: Record<string, string> = { types: 'call.*', account: 'acme', ...changed('types=call.*') };
    await eventually(async () => expect(await streamOverSse(router, undefined, { query }).ended).toMatchObject({ status, body: { code: expected } }));
    expect(await streamOverWebSocket(router, undefined, query).ended).toMatchObject({ status, body: { code: expected } });
  });

  test('gets nothing with a token for another URL by claiming, in its Host header, to be there', async () => {
    await settle('acme', known);
    const query = { account: 'acme', verification_token: tokenFor('acme', '', { audience: 'http://elsewhere.example/v1/events' }) };
    const mismatch = { status: 403, body: { code: 'verification.mismatch' } };
    await eventually(async () => expect(await streamOverSse(router, undefined, { query, headers: { host: 'elsewhere.example' } }).ended).toMatchObject(mismatch));
  });

  test('is sent away when its token expires, or its token or key is revoked, and nobody else is', async () => {
    await settle('acme', known);
    const [first, second] = [tokenFor('acme', ''), tokenFor('acme', '', { keyId: 'vk-2', with: otherSecret })];
    const open = (token: string, account = 'acme') => streamOverSse(router, undefined, { query: { account, verification_token: token } });
    await eventually(() => open(first).open);
    // With a key of the name that is going to be revoked.
    await settle('initech', known);
    const theirToken = tokenFor('initech', '', { keyId: 'vk-2', with: otherSecret });
    await eventually(() => open(theirToken, 'initech').open);
    const theirs = open(theirToken, 'initech');
    const [byFirst, bySecond, short] = [open(first), open(second), open(tokenFor('acme', '', { ttlSeconds: 2 }))];
    const holder = streamOverGrpc(router.client(await keys.token()));
    await Promise.all([byFirst, bySecond, short, holder, theirs].map((stream) => stream.open));
    expect(await short.ended).toEqual(code('auth.expired'));

    const { createHash } = await import('node:crypto');
    await settle('acme', { ...known, revokedTokens: [{ tokenId: createHash('sha256').update(first).digest('base64url') }] });
    expect(await byFirst.ended).toEqual(code('verification.revoked'));
    await settle('acme', { verificationSecrets: known.verificationSecrets.slice(0, 1) });
    expect(await bySecond.ended).toEqual(code('verification.revoked'));
    expect(await open(second).ended).toMatchObject({ status: 403, body: { code: 'verification.revoked' } });
    const event = await testCall(nats.bus).publish('call');
    await eventually(() => expect(holder.events.map(({ id }) => id)).toContain(event.id));
    const theirEvent = await testCall(nats.bus, { accountId: 'initech' }).publish('call');
    await eventually(() => expect(theirs.events.map(({ id }) => id)).toEqual([theirEvent.id]));
    await Promise.all([holder.close(), theirs.close()]);
  });
});

describe('an account that keeps a class for less time than it is stored', () => {
  test('gets no event of it that has expired, and is told so', async () => {
    const accountId = 'forgetful';
    const token = await keys.token({ accountId });
    const call = testCall(nats.bus, { accountId });
    await call.publish('billing');
    await call.publish('call');
    const stream = streamOverGrpc(router.client(token));
    await stream.open;
    await stream.close();
    await settle(accountId, { retentions: [{ eventClass: 'billing', retention: { seconds: 60n, nanos: 0 } }] });
    const back = (seconds: bigint) => ({ position: { $case: 'lookback', value: { seconds, nanos: 0 } } as const });
    await eventually(async () => expect(await streamOverGrpc(router.client(token), { start: back(61n) }).ended).toEqual(code('subscription.start_expired')));
    const calls = streamOverGrpc(router.client(token), { filter: { types: ['call.*'] }, start: back(61n) });
    await eventually(() => expect(calls.events).toHaveLength(1));
    const recent = streamOverGrpc(router.client(token), { start: back(60n) });
    await eventually(() => expect(recent.events).toHaveLength(2));
    await Promise.all([calls.close(), recent.close()]);
  });

  test('is told so by its cursor too, unless it asks for other classes alone', async () => {
    const accountId = 'oblivious';
    const token = await keys.token({ accountId });
    const call = testCall(nats.bus, { accountId });
    const cursorOf = async (types: string[]) => {
      const stream = streamOverGrpc(router.client(token), { filter: { types } });
      await stream.open;
      await stream.close();
      return stream.cursor();
    };
    const [ofAll, ofCalls] = [await cursorOf([]), await cursorOf(['call.*'])];
    await call.publish('billing');
    await call.publish('call');
    // What was stored just now has expired, too: the shortest retention that can be asked for is more than a test's life.
    await settle(accountId, { retentions: [{ eventClass: 'billing', retention: { seconds: -60n, nanos: 0 } }] });
    const lookback = { position: { $case: 'lookback', value: { seconds: 1n, nanos: 0 } } } as const;
    await eventually(() => expect(streamOverGrpc(router.client(token), { start: lookback }).open).rejects.toEqual(code('subscription.start_expired')));

    const expired = [streamOverGrpc(router.client(token), { cursor: ofAll }), streamOverSse(router, token, { query: { cursor: ofAll } })];
    for (const stream of expired) {
      expect(await stream.ended).toEqual(code('cursor.too_old'));
      expect(stream.events.filter(({ type }) => type.startsWith('billing.'))).toEqual([]);
    }
    const calls = streamOverGrpc(router.client(token), { filter: { types: ['call.*'] }, cursor: ofCalls });
    await eventually(() => expect(calls.events).toHaveLength(1));
    await calls.close();
  });
});
