import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JSONWebKeySet, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { ensureNatsKeys, natsCredsFile, natsKeysDir } from '../nats/nats-keys.ts';
import { ensureKeys } from './keys.ts';
import { claimsFromEnv, mintToken } from './token.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-keys-'));
});
afterEach(() => rm(dir, { recursive: true }));

const publicKeys = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as JSONWebKeySet;

describe('keys', () => {
  test('are made once, by whoever comes first, and only the public half is readable by others', async () => {
    const [keys] = await Promise.all([1, 2, 3].map(() => ensureKeys(dir, natsKeysDir)));
    const first = await readFile(keys!.signingKey, 'utf8');
    const cursorKey = await readFile(keys!.eventCursorKey, 'utf8');
    await ensureKeys(dir, natsKeysDir);

    expect(await readFile(keys!.signingKey, 'utf8')).toBe(first);
    expect(await readFile(keys!.eventCursorKey, 'utf8')).toBe(cursorKey);
    expect(Buffer.from(cursorKey, 'base64url')).toHaveLength(32);
    expect((await stat(keys!.signingKey)).mode & 0o077).toBe(0);
    const [jwk] = (await publicKeys(keys!.jwks)).keys;
    expect(jwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: JSON.parse(first).kid });
    expect(jwk).not.toHaveProperty('d');
  });
});

test("NATS' keys and credentials are made once, and nobody else may read them", async () => {
  const contents = async () => Promise.all((await readdir(dir)).toSorted().map((name) => readFile(join(dir, name), 'utf8')));
  await Promise.all([ensureNatsKeys(dir), ensureNatsKeys(dir)]);
  const made = await contents();
  await ensureNatsKeys(dir);
  expect(await contents()).toEqual(made);
  expect(await readFile(natsCredsFile('billing', dir), 'utf8')).toContain('BEGIN NATS USER JWT');
  for (const name of await readdir(dir)) expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
});

describe('a token', () => {
  test('is verified with the public keys and carries its claims', async () => {
    const keys = await ensureKeys(dir, natsKeysDir);
    const token = await mintToken(
      { account: 'acme', sub: 'client:alice', scope: 'observe', call: 'CA1', lifetimeS: 60 },
      keys,
    );
    const { payload } = await jwtVerify(token, createLocalJWKSet(await publicKeys(keys.jwks)), { algorithms: ['EdDSA'] });
    expect(payload).toMatchObject({ account: 'acme', sub: 'client:alice', scope: 'observe', call: 'CA1' });
    expect((payload.exp as number) - (payload.iat as number)).toBe(60);
    expect(decodeProtectedHeader(token).kid).toBe((await publicKeys(keys.jwks)).keys[0]?.kid);
  });

  test('is read from variables', () => {
    expect(claimsFromEnv({ ACCOUNT: 'acme', SUB: 'client:alice', SCOPE: 'device' })).toEqual({
      account: 'acme',
      sub: 'client:alice',
      scope: 'device',
      lifetimeS: 43_200,
    });
  });

  test('all that is wrong is said at once, with an example', () => {
    expect(() => claimsFromEnv({ ACCOUNT: 'ACME', SCOPE: 'admin', LIFETIME: '-1' })).toThrow(
      /ACCOUNT has to be.*\nSUB is missing.*\nSCOPE has to be one of api, device, observe\nLIFETIME.*\nFor example: make token/,
    );
    expect(() => claimsFromEnv({ ACCOUNT: 'acme', SUB: 's', SCOPE: 'observe' })).toThrow('CALL is missing');
  });
});
