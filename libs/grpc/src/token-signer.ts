import { readFile } from 'node:fs/promises';
import { parleyError } from '@parley/errors';
import { SignJWT, importJWK, type JWK } from 'jose';
import type { Scope } from './identity.ts';

export interface TokenContent {
  readonly accountId: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
  readonly callId?: string;
  readonly ttlSeconds: number;
  /** Further claims. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface Signer {
  /** A signed token (JWT, EdDSA). */
  sign(content: TokenContent): Promise<string>;
}

/**
 * Reads a private Ed25519 key, as a JWK with `kid`.
 * @throws ParleyError config.invalid
 */
export async function createSigner({ keyFile }: { readonly keyFile: string }): Promise<Signer> {
  const { key, kid } = await readKey(keyFile);
  return {
    sign: ({ accountId, subject, scopes, callId, ttlSeconds, claims = {} }) =>
      new SignJWT({ ...claims, account: accountId, scope: scopes.join(' '), ...(callId === undefined ? {} : { call: callId }) })
        .setProtectedHeader({ alg: 'EdDSA', ...(kid === undefined ? {} : { kid }) })
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
        .sign(key),
  };
}

async function readKey(file: string): Promise<{ key: Awaited<ReturnType<typeof importJWK>>; kid: string | undefined }> {
  try {
    const jwk = JSON.parse(await readFile(file, 'utf8')) as JWK;
    return { key: await importJWK(jwk, 'EdDSA'), kid: jwk.kid };
  } catch (error) {
    throw parleyError('config.invalid', 'the file of the signing key is not a private Ed25519 JWK that can be read', { cause: error });
  }
}

const serviceTokenSeconds = 300;
const renewBeforeMs = 60_000;

/**
 * Tokens with which a service asks another one on behalf of an account: scope `service`, made when needed, kept until a
 * minute before they expire.
 */
export function createServiceTokens(signer: Signer, service: string): (accountId: string) => Promise<string> {
  const kept = new Map<string, { readonly token: Promise<string>; readonly untilMs: number }>();
  return (accountId) => {
    const found = kept.get(accountId);
    if (found !== undefined && performance.now() < found.untilMs) {
      return found.token;
    }
    const token = signer.sign({ accountId, subject: `service:${service}`, scopes: ['service'], ttlSeconds: serviceTokenSeconds });
    kept.set(accountId, { token, untilMs: performance.now() + serviceTokenSeconds * 1000 - renewBeforeMs });
    return token;
  };
}
