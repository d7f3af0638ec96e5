import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verificationToken } from '../../../docs/examples/src/verification-token.ts';
import { makeVerificationToken, verifyVerificationToken } from './verification-token.ts';

const secret = Buffer.alloc(32, 7);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

test('what an application server makes with node:crypto alone is the same token', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  fc.assert(
    fc.property(text, text, text, fc.uint8Array({ minLength: 32, maxLength: 32 }), (account, url, types, secret) => {
      const now = new Date(1_767_268_800_000);
      const expiry = 1_767_269_400;
      const filter = new URLSearchParams({ types });
      const example = verificationToken({ keyId: 'vk-1', secret: base64(secret), account, url, filter, expiry });
      const subscribing = { accountId: account, audience: url, filter: filter.toString() };
      expect(example).toBe(makeVerificationToken({ keyId: 'vk-1', secret, ...subscribing, expiresAt: new Date(expiry * 1_000) }));
      const keys = [{ keyId: 'vk-1', secret }];
      expect(verifyVerificationToken(example, { ...subscribing, keys, revoked: new Set<string>(), now })).toMatchObject({ keyId: 'vk-1' });
    }),
  );
});

test('the filter is its parameters sorted by name, encoded as a form, those of one name as they are given', () => {
  const filter = new URLSearchParams([['types', 'call.*'], ['to', '+49 30'], ['types', 'app.*'], ['call_id', 'CA1,CA2']]);
  const request = { keyId: 'vk-1', account: 'acme', url: 'https://e.example/v1/events', expiry: 1_767_269_400 };
  const sealed = { keyId: 'vk-1', secret, accountId: 'acme', audience: request.url, expiresAt: new Date(1_767_269_400_000) };
  expect(verificationToken({ ...request, secret: base64(secret), filter })).toBe(
    makeVerificationToken({ ...sealed, filter: 'call_id=CA1%2CCA2&to=%2B49+30&types=call.*&types=app.*' }),
  );
  expect([...filter.keys()]).toEqual(['types', 'to', 'types', 'call_id']);
});
