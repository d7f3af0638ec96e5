import { SignJWT, importJWK } from 'jose';
import { type KeyFiles, readSigningKey, tokenAlgorithm } from './keys.ts';
import { SetupError } from './setup-error.ts';

/** What a token may be used for: Parley's API, a device's channel, observing one call. */
export const tokenScopes = ['api', 'device', 'observe'] as const;
export type TokenScope = (typeof tokenScopes)[number];

export interface TokenClaims {
  readonly account: string;
  /** Address of a device or name of a service, such as `client:alice`. */
  readonly sub: string;
  readonly scope: TokenScope;
  /** The one call that the token is for; needed for `observe`. */
  readonly call?: string;
  /** How long the token is valid, in seconds; twelve hours by default. */
  readonly lifetimeS?: number;
}

const defaultLifetimeS = 12 * 60 * 60;

/** A JWT that the services of this machine accept. */
export async function mintToken(claims: TokenClaims, keys: Pick<KeyFiles, 'signingKey'>): Promise<string> {
  const jwk = await readSigningKey(keys);
  const { account, sub, scope, call, lifetimeS = defaultLifetimeS } = claims;
  const nowS = Math.floor(Date.now() / 1000);
  return new SignJWT({ account, scope, ...(call === undefined ? {} : { call }) })
    .setProtectedHeader({ alg: tokenAlgorithm, kid: jwk.kid as string })
    .setSubject(sub)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + lifetimeS)
    .sign(await importJWK(jwk, tokenAlgorithm));
}

/**
 * Reads the claims from variables: ACCOUNT, SUB, SCOPE, CALL, and LIFETIME in seconds.
 * @throws SetupError that names all that is missing or wrong.
 */
export function claimsFromEnv(env: NodeJS.ProcessEnv): TokenClaims {
  const { ACCOUNT = '', SUB = '', SCOPE = '', CALL = '', LIFETIME = String(defaultLifetimeS) } = env;
  const scope = tokenScopes.find((name) => name === SCOPE);
  const faults = [
    ...(/^[a-z0-9-]{1,32}$/.test(ACCOUNT) ? [] : ['ACCOUNT has to be an account id: a-z, 0-9 and -, at most 32 of them']),
    ...(SUB === '' ? ['SUB is missing: who the token is for, such as client:alice'] : []),
    ...(scope === undefined ? [`SCOPE has to be one of ${tokenScopes.join(', ')}`] : []),
    ...(scope === 'observe' && CALL === '' ? ['CALL is missing: a token to observe is for one call'] : []),
    ...(/^[1-9]\d{0,8}$/.test(LIFETIME) ? [] : ['LIFETIME has to be a number of seconds']),
  ];
  if (faults.length > 0 || scope === undefined) {
    throw new SetupError(
      `${faults.join('\n')}\nFor example: make token ACCOUNT=acme SUB=client:alice SCOPE=device`,
    );
  }
  return { account: ACCOUNT, sub: SUB, scope, lifetimeS: Number(LIFETIME), ...(CALL === '' ? {} : { call: CALL }) };
}
