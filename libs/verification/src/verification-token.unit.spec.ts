import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { longestLifetimeMs, makeVerificationToken, readVerificationToken, verifyVerificationToken, type Verification } from './verification-token.ts';

const now = new Date('2026-01-01T12:00:00Z');
const expiresAt = new Date(now.getTime() + 600_000);
const secret = Buffer.alloc(32, 7);
const subscribing = { accountId: 'acme', audience: 'https://events.example.com/v1/events', filter: 'types=call.*' };
const verification: Verification = { ...subscribing, keys: [{ keyId: 'vk-1', secret }], revoked: new Set<string>(), now };
const token = makeVerificationToken({ ...subscribing, keyId: 'vk-1', secret, expiresAt });

/** The code with which it is refused; undefined when it is taken. */
function refusal(text: string, changes: Partial<Verification> = {}): string | undefined {
  try {
    verifyVerificationToken(text, { ...verification, ...changes });
    return undefined;
  } catch (error) {
    if (isParleyError(error)) return error.code;
    throw error;
  }
}

describe('a verification token', () => {
  test('is taken for what it was made for, and says which one it is', () => {
    const verified = verifyVerificationToken(token, verification);
    expect(verified).toEqual({ ...readVerificationToken(token), keyId: 'vk-1', expiresAt });
  });

  test('has the documented form', () => {
    const content = `2:v14:vk-14:acme36:${subscribing.audience}12:${subscribing.filter}10:1767269400`;
    expect(token).toBe(`v1.vk-1.1767269400.${createHmac('sha256', secret).update(content).digest('base64url')}`);
  });

  test('is taken with whichever of the keys it was made, while a key is rotated', () => {
    const newer = { keyId: 'vk-2', secret: Buffer.alloc(32, 8) };
    const keys = [newer, ...verification.keys];
    expect(refusal(token, { keys })).toBeUndefined();
    expect(refusal(makeVerificationToken({ ...subscribing, ...newer, expiresAt }), { keys })).toBeUndefined();
  });

  test.each<[string, string, Partial<Verification>]>([
    ['another account', 'verification.mismatch', { accountId: 'globex' }],
    ['another URL', 'verification.mismatch', { audience: `${subscribing.audience}/` }],
    ['another filter', 'verification.mismatch', { filter: 'types=billing.*' }],
    ['what is one field less and another more', 'verification.mismatch', { accountId: 'acmeh', audience: subscribing.audience.slice(1) }],
    ['another secret under the key id', 'verification.mismatch', { keys: [{ keyId: 'vk-1', secret: Buffer.alloc(32, 8) }] }],
    ['a key that was revoked', 'verification.revoked', { keys: [] }],
    ['a token that was revoked', 'verification.revoked', { revoked: new Set([readVerificationToken(token).tokenId]) }],
    ['its expiry', 'verification.expired', { now: expiresAt }],
    ['a day before its expiry and more', 'verification.expired', { now: new Date(expiresAt.getTime() - longestLifetimeMs - 1) }],
  ])('is refused for %s', (_, code, changes) => {
    expect(refusal(token, changes)).toBe(code);
  });

  test('is taken until its last moment, and from a day before', () => {
    expect(refusal(token, { now: new Date(expiresAt.getTime() - 1) })).toBeUndefined();
    expect(refusal(token, { now: new Date(expiresAt.getTime() - longestLifetimeMs) })).toBeUndefined();
  });

  test('is not made with what it could not be read with again', () => {
    expect(() => makeVerificationToken({ ...subscribing, keyId: 'vk.1', secret, expiresAt })).toThrow(expect.objectContaining({ code: 'verification.malformed' }));
    expect(() => makeVerificationToken({ ...subscribing, keyId: 'vk-1', secret, expiresAt: new Date(NaN) })).toThrow(expect.objectContaining({ code: 'verification.malformed' }));
  });

  test.each(['', 'v1', 'v2.vk-1.1767269400.x', token.replace('.1767269400.', '.01767269400.'), `${token}=`, `${token}\n`, token.toUpperCase()])('%j cannot be read', (text) => {
    expect(refusal(text)).toBe('verification.malformed');
  });
});

describe('whatever is changed', () => {
  const field = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('acme', '4:acme', '', subscribing.audience));
  const fields = fc.record({ accountId: field, audience: field, filter: field });

  test('another account, URL or filter is refused', () => {
    fc.assert(
      fc.property(fields, fields, (made, asked) => {
        fc.pre(made.accountId !== asked.accountId || made.audience !== asked.audience || made.filter !== asked.filter);
        const text = makeVerificationToken({ ...made, keyId: 'vk-1', secret, expiresAt });
        expect(refusal(text, made)).toBeUndefined();
        expect(refusal(text, asked)).toBe('verification.mismatch');
      }),
    );
  });

  test('another character anywhere in the token is refused: version, key, expiry and seal', () => {
    const characters = fc.constantFrom(...'ABCXYZabcxyz0123456789-_.=+/ \n'.split(''));
    fc.assert(
      fc.property(fc.nat(token.length - 1), characters, (at, character) => {
        fc.pre(token[at] !== character);
        expect(refusal(token.slice(0, at) + character + token.slice(at + 1))).toMatch(/^verification\.(malformed|mismatch|revoked)$/);
      }),
      { numRuns: 1_000 },
    );
  });

  test('another expiry is refused, and another secret', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (seconds, other) => {
        const expiry = Math.floor(now.getTime() / 1_000) + seconds;
        fc.pre(expiry !== 1767269400 && !secret.equals(other));
        expect(refusal(token.replace('1767269400', String(expiry)))).toBe('verification.mismatch');
        expect(refusal(token, { keys: [{ keyId: 'vk-1', secret: other }] })).toBe('verification.mismatch');
      }),
    );
  });

  test('any text is refused with a code', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(refusal(text)).toBe('verification.malformed')));
  });
});
