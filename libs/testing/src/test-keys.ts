import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createSigner, createVerifier, type Scope, type Signer, type TokenContent, type Verifier } from '@parley/grpc';
import { exportJWK, generateKeyPair } from 'jose';

export interface TestKeys {
  /** Private JWK, as SIGNING_KEY_FILE takes it. */
  readonly keyFile: string;
  /** Public keys, as JWKS_FILE takes them. */
  readonly jwksFile: string;
  /** The secret of cursors, as EVENT_CURSOR_KEY_FILE takes it. */
  readonly cursorKeyFile: string;
  readonly signer: Signer;
  readonly verifier: Verifier;
  /** A token that is valid for an hour; by default of account `acme`, subject `service:test`, scope `api`. */
  token(content?: Partial<Omit<TokenContent, 'scopes'>> & { readonly scope?: Scope }): Promise<string>;
}

/** Call it at the top of a spec: an Ed25519 key of its own, and files with it. Read its properties inside tests and hooks. */
export function testKeys(): TestKeys {
  let dir = '';
  let signer: Signer | undefined;
  let verifier: Verifier | undefined;
  const keyFile = (): string => join(dir, 'signing-key.json');
  const jwksFile = (): string => join(dir, 'jwks.json');
  const cursorKeyFile = (): string => join(dir, 'cursor.key');
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parley-keys-'));
    await writeKeys(keyFile(), jwksFile());
    await writeFile(cursorKeyFile(), randomBytes(32).toString('base64url'), { mode: 0o600 });
    signer = await createSigner({ keyFile: keyFile() });
    verifier = await createVerifier({ jwksFile: jwksFile() });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return {
    get keyFile() {
      return keyFile();
    },
    get jwksFile() {
      return jwksFile();
    },
    get cursorKeyFile() {
      return cursorKeyFile();
    },
    get signer() {
      return made(signer);
    },
    get verifier() {
      return made(verifier);
    },
    token: ({ scope = 'api', ...content } = {}) =>
      made(signer).sign({ accountId: 'acme', subject: 'service:test', ttlSeconds: 3_600, scopes: [scope], ...content }),
  };
}

async function writeKeys(keyFile: string, jwksFile: string): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const common = { kid: 'test', alg: 'EdDSA', use: 'sig' };
  await writeFile(keyFile, JSON.stringify({ ...(await exportJWK(privateKey)), ...common }), { mode: 0o600 });
  await writeFile(jwksFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...common }] }));
}

function made<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error('testKeys are made before the tests: read them inside a test or hook');
  }
  return value;
}
