import { readFile } from 'node:fs/promises';
import { types } from 'node:util';
import { parleyError } from '@parley/errors';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { scopes, type Identity, type Scope } from './identity.ts';

export interface Verifier {
  /**
   * Verifies a token: signature (EdDSA only), expiry, and that it names account, subject and scope.
   * @throws ParleyError auth.malformed, auth.expired; auth.keys_unavailable when the keys cannot be had
   */
  verify(token: string): Promise<Identity>;
}

/** Exactly one of the two. */
export interface VerifierOptions {
  readonly jwksFile?: string | undefined;
  readonly jwksUrl?: string | undefined;
}

const clockToleranceSeconds = 5;
/** How often a file of keys is read again when a token names a key that is not in it. */
const rereadMs = 10_000;

/**
 * Reads the keys (a JWKS). A file is read at once, and again when an unknown key turns up; a URL is fetched when needed.
 * @throws ParleyError config.invalid
 */
export async function createVerifier({ jwksFile, jwksUrl }: VerifierOptions): Promise<Verifier> {
  if (jwksFile !== undefined && jwksUrl === undefined) {
    return verifierWith(await fileKeys(jwksFile));
  }
  if (jwksUrl !== undefined && jwksFile === undefined) {
    return verifierWith(createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 5_000, cooldownDuration: rereadMs }));
  }
  throw parleyError('config.invalid', 'exactly one of JWKS_FILE and JWKS_URL has to be given');
}

function verifierWith(keys: JWTVerifyGetKey): Verifier {
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: ['EdDSA', 'Ed25519'],
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['exp', 'sub', 'account', 'scope'],
        });
        return identityOf(payload);
      } catch (error) {
        throw asAuthError(error);
      }
    },
  };
}

async function fileKeys(file: string): Promise<JWTVerifyGetKey> {
  let keys = await readKeys(file);
  let readAtMs = performance.now();
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || performance.now() - readAtMs < rereadMs) {
        throw error;
      }
      readAtMs = performance.now();
      keys = await readKeys(file);
      return keys(header, token);
    }
  };
}

async function readKeys(file: string): Promise<JWTVerifyGetKey> {
  try {
    return createLocalJWKSet(JSON.parse(await readFile(file, 'utf8')) as JSONWebKeySet);
  } catch (error) {
    throw parleyError('config.invalid', 'the file of public keys is not a JWKS that can be read', { cause: error });
  }
}

function identityOf(payload: JWTPayload): Identity {
  const { account, sub, scope, call } = payload;
  if (typeof account !== 'string' || !/^[a-z0-9-]{1,32}$/.test(account)) {
    throw parleyError('auth.malformed', 'the claim account is not an account id');
  }
  if (typeof sub !== 'string' || sub === '') {
    throw parleyError('auth.malformed', 'the claim sub is empty');
  }
  if (call !== undefined && typeof call !== 'string') {
    throw parleyError('auth.malformed', 'the claim call is not a call id');
  }
  return { accountId: account, subject: sub, scopes: scopesOf(scope), ...(call === undefined ? {} : { callId: call }), claims: payload };
}

/** Scopes as OAuth writes them: words separated by spaces. Unknown words give nothing. */
function scopesOf(scope: unknown): readonly Scope[] {
  if (typeof scope !== 'string') {
    throw parleyError('auth.malformed', 'the claim scope is not text');
  }
  const words = scope.split(' ');
  return scopes.filter((known) => words.includes(known));
}

function asAuthError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return parleyError('auth.expired', 'the token has expired', { cause: error });
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const early = error.claim === 'nbf' && error.reason === 'check_failed';
    return early
      ? parleyError('auth.expired', 'the token is not valid yet', { cause: error })
      : parleyError('auth.malformed', `the claim ${error.claim} is missing or wrong`, { cause: error });
  }
  if (isFetchFailure(error)) {
    return parleyError('auth.keys_unavailable', 'the public keys cannot be fetched', { cause: error });
  }
  return error instanceof errors.JOSEError ? parleyError('auth.malformed', 'the token is not valid', { cause: error }) : error;
}

/** fetch's own failure, a timeout, an HTTP status other than 200, or an answer that is no JWKS. */
function isFetchFailure(error: unknown): boolean {
  if (error instanceof errors.JOSEError) {
    return ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes(error.code);
  }
  return types.isNativeError(error) && error.name === 'TypeError';
}
