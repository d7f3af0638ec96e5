import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verificationToken } from '../../../docs/examples/src/verification-token.ts';
import { makeVerificationToken, verifyVerificationToken } from './verification-token.ts';

test('what an application server makes with node:crypto alone is the same token', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  fc.assert(
    fc.property(text, text, text, fc.uint8Array({ minLength: 32, maxLength: 32 }), (accountId, audience, filter, secret) => {
      const now = new Date(1_767_268_800_000);
      const expiry = 1_767_269_400;
      const example = verificationToken({ keyId: 'vk-1', secret: Buffer.from(secret).toString('base64url'), account: accountId, url: audience, filter, expiry });
      expect(example).toBe(makeVerificationToken({ keyId: 'vk-1', secret, accountId, audience, filter, expiresAt: new Date(expiry * 1_000) }));
      const keys = [{ keyId: 'vk-1', secret }];
      expect(verifyVerificationToken(example, { accountId, audience, filter, keys, revoked: new Set<string>(), now })).toMatchObject({ keyId: 'vk-1' });
    }),
  );
});
