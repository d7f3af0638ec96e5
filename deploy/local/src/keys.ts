import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JWK, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { type NatsKeys, ensureNatsKeys } from '../nats/nats-keys.ts';
import { keysRoot } from './repo-paths.ts';
import { createOnce, replaceWhole } from './whole-files.ts';

/** The keys of a local Parley, as files. */
export interface KeyFiles {
  /** Private Ed25519 key (JWK) that tokens are signed with. */
  readonly signingKey: string;
  /** Its public half (JWKS), which tokens are verified with. */
  readonly jwks: string;
  /** Secret that event cursors are signed with: 32 random bytes, base64url. */
  readonly eventCursorKey: string;
  /** The keys of NATS. */
  readonly nats: NatsKeys;
}

export const tokenAlgorithm = 'EdDSA';

/**
 * Makes the keys that are not there yet and returns where they are. Those that are there stay.
 * @param natsDir folder of the keys of NATS
 */
export async function ensureKeys(dir: string = keysRoot, natsDir: string = join(dir, 'nats')): Promise<KeyFiles> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = {
    signingKey: join(dir, 'signing.jwk.json'),
    jwks: join(dir, 'jwks.json'),
    eventCursorKey: join(dir, 'event-cursor.key'),
    nats: await ensureNatsKeys(natsDir),
  };
  await createOnce(files.signingKey, newSigningKey);
  await createOnce(files.eventCursorKey, () => randomBytes(32).toString('base64url'));
  const publicKeys = { keys: [publicHalf(await readSigningKey(files))] };
  await replaceWhole(files.jwks, `${JSON.stringify(publicKeys, null, 2)}\n`);
  return files;
}

/** The private key that tokens are signed with. */
export async function readSigningKey({ signingKey }: Pick<KeyFiles, 'signingKey'>): Promise<JWK> {
  return JSON.parse(await readFile(signingKey, 'utf8')) as JWK;
}

async function newSigningKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(tokenAlgorithm, { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return `${JSON.stringify({ ...jwk, kid, alg: tokenAlgorithm, use: 'sig' }, null, 2)}\n`;
}

function publicHalf({ d: _private, ...rest }: JWK): JWK {
  return rest;
}
