import { describe, expect, test } from '@jest/globals';
import { eventWindowMs } from '@parley/bus';
import type { Account } from './account.ts';
import { addVerificationKey, changeRetention, revokeToken, revokeVerificationKey } from './account-settings.ts';
import { defaultSettings, longestRetentionMs, mostRevokedTokens, mostVerificationKeys, shortestRetentionMs, type VerificationKey } from './settings.ts';

const empty: Account = { accountId: 'acme', nextRevision: 3, subscriptions: [], settings: defaultSettings };
const key = (keyId: string): VerificationKey => ({ keyId, secret: 'c2VjcmV0', createTimeMs: 1, request: { requestId: keyId, digest: 'd' } });
const withKey = addVerificationKey(empty, key('vk-1')).account;
const token = (tokenId: string, expireTimeMs: number) => ({ keyId: 'vk-1', tokenId, expireTimeMs });
const code = (code: string) => expect.objectContaining({ code });

describe('verification keys', () => {
  test('given none, when one is added, then it is there, under a revision of its own', () => {
    const { account, revision } = addVerificationKey(empty, key('vk-1'));
    expect(account.settings.verificationKeys).toEqual([key('vk-1')]);
    expect([revision, account.nextRevision]).toEqual([3, 4]);
  });

  test('given as many as are allowed, then another is refused until one is revoked', () => {
    let account = empty;
    for (let index = 0; index < mostVerificationKeys; index += 1) account = addVerificationKey(account, key(`vk-${index}`)).account;
    expect(() => addVerificationKey(account, key('vk-new'))).toThrow(code('verification.key_limit'));
    expect(() => addVerificationKey(revokeVerificationKey(account, 'vk-3').account, key('vk-new'))).not.toThrow();
  });

  test('given one, when another is revoked, then that is not found', () => {
    expect(revokeVerificationKey(withKey, 'vk-1').account.settings.verificationKeys).toEqual([]);
    expect(() => revokeVerificationKey(withKey, 'vk-2')).toThrow(code('not_found.verification_key'));
  });
});

describe('revoked tokens', () => {
  test('are kept until they expire, and forgotten with the next revocation', () => {
    const first = revokeToken(withKey, token('t1', 100), 50)!.account;
    expect(first.settings.revokedTokens).toEqual([{ tokenId: 't1', expireTimeMs: 100 }]);
    expect(revokeToken(first, token('t2', 200), 100)!.account.settings.revokedTokens).toEqual([{ tokenId: 't2', expireTimeMs: 200 }]);
  });

  test('twice is once, and one that has expired needs nothing', () => {
    const first = revokeToken(withKey, token('t1', 100), 50)!.account;
    expect(revokeToken(first, token('t1', 100), 60)).toBeUndefined();
    expect(revokeToken(withKey, token('t1', 100), 100)).toBeUndefined();
  });

  test('are bounded', () => {
    const revokedTokens = Array.from({ length: mostRevokedTokens }, (_, index) => ({ tokenId: `t${index}`, expireTimeMs: 100 }));
    const full = { ...withKey, settings: { ...withKey.settings, revokedTokens } };
    expect(() => revokeToken(full, token('new', 100), 50)).toThrow(code('verification.revocation_limit'));
    expect(revokeToken(full, token('new', 200), 100)).toBeDefined();
  });

  test('of a key that is not the account’s are not known', () => {
    expect(() => revokeToken(empty, token('t1', 100), 50)).toThrow(code('not_found.verification_key'));
  });
});

describe('retention', () => {
  test('is at most what the streams keep', () => {
    expect(longestRetentionMs).toBe(eventWindowMs);
  });

  test('changes for the classes that are named, and stays for the others', () => {
    const change = changeRetention(empty, [{ eventClass: 'billing', retentionMs: shortestRetentionMs }]);
    expect(change?.account.settings.retentionMs).toEqual({ ...defaultSettings.retentionMs, billing: shortestRetentionMs });
    expect(changeRetention(empty, [])).toBeUndefined();
  });

  test.each([
    ['retentions[0].event_class', [{ eventClass: 'video', retentionMs: shortestRetentionMs }]],
    ['retentions[0].event_class', [{ eventClass: 'constructor', retentionMs: shortestRetentionMs }]],
    ['retentions[1].event_class', [{ eventClass: 'call', retentionMs: shortestRetentionMs }, { eventClass: 'call', retentionMs: longestRetentionMs }]],
    ['retentions[0].retention', [{ eventClass: 'call', retentionMs: shortestRetentionMs - 1 }]],
    ['retentions[0].retention', [{ eventClass: 'call', retentionMs: longestRetentionMs + 1 }]],
    ['retentions[0].retention', [{ eventClass: 'call', retentionMs: NaN }]],
  ])('with a fault in %s is refused', (field, wishes) => {
    const details = { violations: [expect.objectContaining({ field })] };
    expect(() => changeRetention(empty, wishes)).toThrow(expect.objectContaining({ code: 'request.invalid_argument', details }));
  });
});
