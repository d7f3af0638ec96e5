import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JWK, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { dataRoot } from './repo-paths.ts';

/** The keys of a local Parley, as files. */
export interface KeyFiles {
  /** Private Ed25519 key (JWK) that tokens are signed with. */
  readonly signingKey: string;
  /** Its public half (JWKS), which tokens are verified with. */
  readonly jwks: string;
  /** Secret that event cursors are signed with: 32 random bytes, base64url. */
  readonly eventCursorKey: string;
}

export const tokenAlgorithm = 'EdDSA';

/** Makes the keys that are not there yet and returns where they are. Those that are there stay. */
export async function ensureKeys(dir: string = join(dataRoot, 'keys')): Promise<KeyFiles> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = {
    signingKey: join(dir, 'signing.jwk.json'),
    jwks: join(dir, 'jwks.json'),
    eventCursorKey: join(dir, 'event-cursor.key'),
  };
  await createOnce(files.signingKey, newSigningKey);
  await createOnce(files.eventCursorKey, () => randomBytes(32).toString('base64url'));
  const publicKeys = { keys: [publicHalf(await readSigningKey(files))] };
  await replace(files.jwks, `${JSON.stringify(publicKeys, null, 2)}\n`);
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

/** Writes a file that is not there, whole or not at all; of two who try, one wins and both find the same. */
async function createOnce(path: string, content: () => Promise<string> | string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, await content(), { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
}

async function replace(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content);
  await rename(draft, path);
}
