import { randomBytes } from 'node:crypto';
import { addVerificationKey } from '../domain/account-settings.ts';
import { madeBy } from '../domain/request-key.ts';
import type { VerificationKey } from '../domain/settings.ts';
import { requestKey } from './idempotent-request.ts';
import type { SettingsPorts } from './settings-ports.ts';

export interface CreateVerificationKey {
  readonly accountId: string;
  readonly requestId: string;
}

const secretBytes = 32;

/**
 * Makes a key for verification tokens, or finds the one that the same request made before.
 * @throws ParleyError `verification.key_limit`, `request.invalid_argument`
 */
export async function createVerificationKey({ accounts, now }: SettingsPorts, { accountId, requestId }: CreateVerificationKey): Promise<VerificationKey> {
  const request = requestKey(requestId, []);
  const secret = randomBytes(secretBytes).toString('base64url');
  const created: VerificationKey = { keyId: `vk-${randomBytes(8).toString('hex')}`, secret, createTimeMs: now(), request };
  let result: VerificationKey | undefined;
  await accounts.change(accountId, (account) => {
    result = madeBy(account.settings.verificationKeys, request);
    if (result !== undefined) return undefined;
    result = created;
    return addVerificationKey(account, created);
  });
  return result!;
}
