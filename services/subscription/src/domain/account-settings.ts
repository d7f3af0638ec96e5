import { invalidArgument, parleyError, type FieldViolation } from '@parley/errors';
import type { Account, SettingsChange } from './account.ts';
import { eventClasses } from './event-class.ts';
import { longestRetentionMs, mostRevokedTokens, mostVerificationKeys, shortestRetentionMs, type AccountSettings, type RevokedToken, type VerificationKey } from './settings.ts';

/** @throws ParleyError `verification.key_limit` */
export function addVerificationKey(account: Account, key: VerificationKey): SettingsChange {
  const { verificationKeys } = account.settings;
  if (verificationKeys.length >= mostVerificationKeys) {
    throw parleyError('verification.key_limit', `an account may have ${mostVerificationKeys} verification keys; revoke one`);
  }
  return changeOf(account, { verificationKeys: [...verificationKeys, key] });
}

/** @throws ParleyError `not_found.verification_key` */
export function revokeVerificationKey(account: Account, keyId: string): SettingsChange {
  const key = findKey(account, keyId);
  return changeOf(account, { verificationKeys: account.settings.verificationKeys.filter((one) => one !== key) });
}

/**
 * @returns undefined if there is nothing to do: the token was revoked before, or has expired.
 * @throws ParleyError `not_found.verification_key` if no key of the account made it; `verification.revocation_limit`
 */
export function revokeToken(account: Account, token: RevokedToken & { readonly keyId: string }, nowMs: number): SettingsChange | undefined {
  findKey(account, token.keyId);
  const { tokenId, expireTimeMs } = token;
  const lasting = account.settings.revokedTokens.filter((one) => one.expireTimeMs > nowMs);
  if (expireTimeMs <= nowMs || lasting.some((one) => one.tokenId === tokenId)) return undefined;
  if (lasting.length >= mostRevokedTokens) {
    throw parleyError('verification.revocation_limit', `an account may have ${mostRevokedTokens} revoked tokens; revoke the key that they were made with`);
  }
  return changeOf(account, { revokedTokens: [...lasting, { tokenId, expireTimeMs }] });
}

export interface RetentionWish {
  readonly eventClass: string;
  readonly retentionMs: number;
}

/**
 * @returns undefined if no class was named.
 * @throws ParleyError `request.invalid_argument`
 */
export function changeRetention(account: Account, wishes: readonly RetentionWish[]): SettingsChange | undefined {
  const violations = wishes.flatMap((wish, index) => faultsOf(wish, index, wishes));
  if (violations.length > 0) throw invalidArgument(violations);
  if (wishes.length === 0) return undefined;
  const wanted = Object.fromEntries(wishes.map(({ eventClass, retentionMs }) => [eventClass, retentionMs]));
  return changeOf(account, { retentionMs: { ...account.settings.retentionMs, ...wanted } });
}

function faultsOf({ eventClass, retentionMs }: RetentionWish, index: number, wishes: readonly RetentionWish[]): readonly FieldViolation[] {
  const isKnown = eventClasses.some((one) => one === eventClass);
  const isFirst = wishes.findIndex((one) => one.eventClass === eventClass) === index;
  const isWithin = retentionMs >= shortestRetentionMs && retentionMs <= longestRetentionMs;
  return [
    ...(isKnown ? [] : [{ field: `retentions[${index}].event_class`, description: `is none of ${eventClasses.join(', ')}` }]),
    ...(isFirst ? [] : [{ field: `retentions[${index}].event_class`, description: 'is there twice' }]),
    ...(isWithin ? [] : [{ field: `retentions[${index}].retention`, description: 'is not between one minute and seven days' }]),
  ];
}

function findKey({ settings }: Account, keyId: string): VerificationKey {
  const key = settings.verificationKeys.find((one) => one.keyId === keyId);
  if (key === undefined) throw parleyError('not_found.verification_key', 'no such verification key');
  return key;
}

function changeOf(account: Account, changed: Partial<AccountSettings>): SettingsChange {
  const { nextRevision, settings } = account;
  return { kind: 'settings', account: { ...account, nextRevision: nextRevision + 1, settings: { ...settings, ...changed } }, revision: nextRevision };
}
