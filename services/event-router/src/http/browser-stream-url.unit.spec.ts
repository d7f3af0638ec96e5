import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verifyVerificationToken } from '@parley/verification';
import { browserStreamUrl } from '../../../../docs/examples/src/verification-token.ts';
import { credentialNames, filterText, queryFieldNames, readStreamRequest } from './stream-request.ts';

const secret = Buffer.alloc(32, 7);
const now = new Date(1_767_268_800_000);
const audience = 'https://events.example.com/v1/events';
const names = Object.values(queryFieldNames);
const parameters = fc.array(fc.tuple(fc.constantFrom(...names), fc.string({ unit: 'binary', maxLength: 12 })), { maxLength: 8 });

/** The query of the URL that an application server hands to a browser. */
function queryFor(filter: URLSearchParams): URLSearchParams {
  return new URL(browserStreamUrl({ keyId: 'vk-1', secret: secret.toString('base64url'), account: 'acme', url: audience, filter, expiry: 1_767_269_400 })).searchParams;
}

const verify = (query: URLSearchParams) =>
  verifyVerificationToken(query.get(credentialNames.verificationToken)!, { accountId: query.get(credentialNames.account)!, audience, filter: filterText(query), keys: [{ keyId: 'vk-1', secret }], revoked: new Set<string>(), now });

test('whatever the filter is, the token of the URL is for just it', () => {
  fc.assert(
    fc.property(parameters, fc.constantFrom(...names), (given, added) => {
      const query = queryFor(new URLSearchParams(given));
      expect(verify(query)).toMatchObject({ keyId: 'vk-1' });
      query.append('cursor', 'c1');
      query.append('start', '15m');
      expect(verify(query)).toMatchObject({ keyId: 'vk-1' });
      query.append(added, 'more');
      expect(() => verify(query)).toThrow(expect.objectContaining({ code: 'verification.mismatch' }));
    }),
  );
});

test('what the URL asks for is what was filtered for', () => {
  const query = queryFor(new URLSearchParams({ types: 'call.*,app.*', from: '+4930', filters: '[{"prefix":{"data.cause":"hang"}}]' }));
  expect(readStreamRequest(query, undefined).filter).toMatchObject({ types: ['call.*', 'app.*'], from: ['+4930'], filters: [{ prefix: { 'data.cause': 'hang' } }] });
});
