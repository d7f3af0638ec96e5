import { parleyError } from '@parley/errors';

/**
 * `api`: an account's own services and people. `device`: one device, whose address is the subject. `observe`: the
 * observation of one side of one call. `service`: a Parley service, on behalf of the account.
 */
export type Scope = 'api' | 'device' | 'observe' | 'service';

export const scopes: readonly Scope[] = ['api', 'device', 'observe', 'service'];

/** Who makes a request, as its verified token says. */
export interface Identity {
  readonly accountId: string;
  /** A device's or service's address. Personal data. */
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** Set where the token is for one call only. */
  readonly callId?: string;
  /** All claims of the token. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** @throws ParleyError auth.wrong_scope */
export function requireScope(identity: Identity, scope: Scope): void {
  if (!identity.scopes.includes(scope)) {
    throw parleyError('auth.wrong_scope', `the token lacks the scope ${scope}`);
  }
}

/**
 * The token of an `authorization` header (RFC 6750).
 * @throws ParleyError auth.missing, auth.malformed
 */
export function bearerToken(header: string | undefined): string {
  if (header === undefined || header === '') {
    throw parleyError('auth.missing', 'a bearer token is needed in the header authorization');
  }
  const match = /^Bearer +([\w.~+/=-]+)$/i.exec(header);
  if (match?.[1] === undefined) {
    throw parleyError('auth.malformed', 'the header authorization is not "Bearer <token>"');
  }
  return match[1];
}
