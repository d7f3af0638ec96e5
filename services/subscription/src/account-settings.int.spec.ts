import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { settingsSubject, subscriptionsFilter } from '@parley/bus';
import type { AccountSettings } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { makeVerificationToken, verifyVerificationToken, type Verification } from '@parley/verification';
import { code, creation, lastAnnounced, newAccount, textOf } from './test-support/requests.ts';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

const daySeconds = 24 * 3_600;

async function announced(accountId: string): Promise<AccountSettings> {
  return (await lastAnnounced(nats.bus, settingsSubject(accountId)))!.settings!;
}

/** What the event-router checks a token against, from what was announced. */
async function verification(accountId: string): Promise<Verification> {
  const { verificationSecrets, revokedTokens } = await announced(accountId);
  return { accountId, audience, filter, keys: verificationSecrets, revoked: new Set(revokedTokens.map(({ tokenId }) => tokenId)), now: new Date() };
}

const audience = 'https://events.example.com/v1/events';
const filter = '{"types":["call.*"]}';
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const tokenWith = (accountId: string, { keyId, secret }: { keyId: string; secret: string }, expiresAt = inMinutes(5)) =>
  makeVerificationToken({ accountId, audience, filter, keyId, secret: Buffer.from(secret, 'base64url'), expiresAt });

async function newKey(accountId: string): Promise<{ keyId: string; secret: string }> {
  const { verificationKey, secret } = await (await service.settings(accountId)).createVerificationKey({ requestId: randomUUID() });
  return { keyId: verificationKey!.keyId, secret };
}

describe('verification keys', () => {
  test('are announced, and a token that was made with one is taken', async () => {
    const accountId = newAccount();
    const { keyId, secret } = await newKey(accountId);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    const { verificationSecrets } = await announced(accountId);
    expect(verificationSecrets.map((one) => ({ keyId: one.keyId, secret: one.secret.toString('base64url') }))).toEqual([{ keyId, secret }]);
    expect(() => tokenWith(accountId, { keyId, secret })).not.toThrow();
    expect(verifyVerificationToken(tokenWith(accountId, { keyId, secret }), await verification(accountId))).toMatchObject({ keyId });
    expect(settingsSubject(accountId)).toMatch(new RegExp(`^${subscriptionsFilter.replaceAll('*', '[^.]+')}$`));
  });

  test('are made once a request, and their secrets shown in its answer only', async () => {
    const accountId = newAccount();
    const settings = await service.settings(accountId);
    const requestId = randomUUID();
    const answers = await Promise.all([1, 2, 3].map(() => settings.createVerificationKey({ requestId })));
    expect(new Set(answers.map(({ secret }) => secret)).size).toBe(1);
    const list = await settings.listVerificationKeys({});
    expect(list.verificationKeys).toEqual([answers[0]!.verificationKey]);
    expect(textOf(list)).not.toContain(answers[0]!.secret);
    await expect(settings.createVerificationKey({ requestId: '' })).rejects.toEqual(code('request.invalid_argument'));
  });

  test('are ten at most, and one that is revoked makes room and ends its tokens', async () => {
    const accountId = newAccount();
    const settings = await service.settings(accountId);
    const first = await newKey(accountId);
    for (let count = 1; count < 10; count += 1) await newKey(accountId);
    await expect(newKey(accountId)).rejects.toEqual(code('verification.key_limit'));
    await settings.revokeVerificationKey({ keyId: first.keyId });
    expect((await settings.listVerificationKeys({})).verificationKeys).toHaveLength(9);
    const now = await verification(accountId);
    expect(() => verifyVerificationToken(tokenWith(accountId, first), now)).toThrow(code('verification.revoked'));
    await expect(newKey(accountId)).resolves.toBeDefined();
    await expect(settings.revokeVerificationKey({ keyId: first.keyId })).rejects.toEqual(code('not_found.verification_key'));
  });

  test('of another account do not exist', async () => {
    const { keyId, secret } = await newKey(newAccount());
    const settings = await service.settings(newAccount());
    expect((await settings.listVerificationKeys({})).verificationKeys).toEqual([]);
    await expect(settings.revokeVerificationKey({ keyId })).rejects.toEqual(code('not_found.verification_key'));
    await expect(settings.revokeVerificationToken({ token: tokenWith('acme', { keyId, secret }) })).rejects.toEqual(code('not_found.verification_key'));
  });
});

describe('a token', () => {
  test('that is revoked is refused, and the others of its key are not', async () => {
    const accountId = newAccount();
    const settings = await service.settings(accountId);
    const key = await newKey(accountId);
    const [bad, good] = [tokenWith(accountId, key, inMinutes(5)), tokenWith(accountId, key, inMinutes(6))];
    await settings.revokeVerificationToken({ token: bad });
    await settings.revokeVerificationToken({ token: bad });
    const now = await verification(accountId);
    expect(() => verifyVerificationToken(bad, now)).toThrow(code('verification.revoked'));
    expect(() => verifyVerificationToken(good, now)).not.toThrow();
    const { revokedTokens } = await announced(accountId);
    expect(revokedTokens).toHaveLength(1);
    expect(bad).toContain(String(revokedTokens[0]!.expireTime!.getTime() / 1_000));
  });

  test('that cannot be read, or has expired, changes nothing', async () => {
    const accountId = newAccount();
    const settings = await service.settings(accountId);
    const key = await newKey(accountId);
    for (const token of ['', 'v1', 'x'.repeat(10_000)]) await expect(settings.revokeVerificationToken({ token })).rejects.toEqual(code('verification.malformed'));
    await settings.revokeVerificationToken({ token: tokenWith(accountId, key, inMinutes(-1)) });
    expect((await announced(accountId)).revokedTokens).toEqual([]);
  });
});

describe('event retention', () => {
  const duration = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });
  const full = duration(7 * daySeconds);

  test('is what the streams keep until it is changed, class by class, and announced', async () => {
    const accountId = newAccount();
    const settings = await service.settings(accountId);
    const inOrder = (call = full, reaction = full, billing = full) => [
      { eventClass: 'call', retention: call },
      { eventClass: 'reaction', retention: reaction },
      { eventClass: 'billing', retention: billing },
    ];
    expect((await settings.getEventRetention({})).retentions).toEqual(inOrder());
    const changed = inOrder({ seconds: 90n, nanos: 500_000_000 });
    const { retentions } = await settings.updateEventRetention({ retentions: [changed[0]!] });
    expect(retentions).toEqual(changed);
    expect((await settings.getEventRetention({})).retentions).toEqual(changed);
    expect((await announced(accountId)).retentions).toEqual(changed);
  });

  test('has bounds, and classes that there are', async () => {
    const settings = await service.settings(newAccount());
    for (const [eventClass, retention] of [['call', duration(59)], ['call', duration(7 * daySeconds + 1)], ['call', undefined], ['video', duration(60)]] as const) {
      await expect(settings.updateEventRetention({ retentions: [{ eventClass, retention }] })).rejects.toEqual(code('request.invalid_argument'));
    }
    expect((await settings.getEventRetention({})).retentions[0]?.retention).toEqual(full);
  });
});

test('settings and subscriptions of an account share their revisions and leave each other alone', async () => {
  const accountId = newAccount();
  const client = await service.client(accountId);
  const { subscription } = await client.createSubscription(creation());
  const key = await newKey(accountId);
  expect((await lastAnnounced(nats.bus, settingsSubject(accountId)))!).toMatchObject({ accountId, subscription: undefined, revision: 2n });
  const { subscriptionId } = subscription!;
  expect((await client.getSubscription({ subscriptionId })).subscription).toEqual(subscription);
  await client.deleteSubscription({ subscriptionId, etag: subscription!.etag });
  expect((await (await service.settings(accountId)).listVerificationKeys({})).verificationKeys).toMatchObject([{ keyId: key.keyId }]);
});

test.each(['device', 'observe', 'service'] as const)('a token of scope %s is refused', async (scope) => {
  const settings = await service.settings(newAccount());
  const token = await keys.token({ scope });
  await expect(settings.listVerificationKeys({}, { token })).rejects.toEqual(code('auth.wrong_scope'));
});
