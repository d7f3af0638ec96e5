import type { Identity } from '@parley/grpc';
import { verifyVerificationToken, type Subscribing } from '@parley/verification';
import type { AccountDirectory, AccountSettings } from './account-directory.ts';

/** By what right a client subscribes. */
export interface StreamGrant {
  readonly accountId: string;
  readonly expiresAt: Date | undefined;
  /** Whether it holds under what the account has set now; asked again when that changes. */
  readonly isInForce: (settings: AccountSettings) => boolean;
}

/** The right of who holds a token of the account. */
export function grantOf({ accountId, claims }: Identity): StreamGrant {
  const expiresAt = typeof claims['exp'] === 'number' ? new Date(claims['exp'] * 1_000) : undefined;
  return { accountId, expiresAt, isInForce: () => true };
}

/**
 * The right of a client that holds no key: its application server made the token for just this (US 11889027).
 * @throws ParleyError `verification.*`
 */
export function grantByVerification(token: string, subscribing: Subscribing, accounts: AccountDirectory, now: Date): StreamGrant {
  const { accountId } = subscribing;
  const { verificationKeys: keys, revokedTokens: revoked } = accounts.of(accountId);
  const { tokenId, keyId, expiresAt } = verifyVerificationToken(token, { ...subscribing, keys, revoked, now });
  const isInForce = ({ verificationKeys, revokedTokens }: AccountSettings) =>
    !revokedTokens.has(tokenId) && verificationKeys.some((key) => key.keyId === keyId);
  return { accountId, expiresAt, isInForce };
}
