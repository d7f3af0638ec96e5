import { readVerificationToken } from '@parley/verification';
import { revokeToken } from '../domain/account-settings.ts';
import type { SettingsPorts } from './settings-ports.ts';

/**
 * Has one token refused until it expires. Whose it is says the key that it names: what it was made for is not known here.
 * @throws ParleyError `verification.malformed`, `not_found.verification_key`, `verification.revocation_limit`
 */
export async function revokeVerificationToken({ accounts, now }: SettingsPorts, accountId: string, token: string): Promise<void> {
  const { tokenId, keyId, expiresAt } = readVerificationToken(token);
  await accounts.change(accountId, (account) => revokeToken(account, { tokenId, keyId, expireTimeMs: expiresAt.getTime() }, now()));
}
