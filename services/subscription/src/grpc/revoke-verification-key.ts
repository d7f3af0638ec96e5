import type { RevokeVerificationKeyRequest, RevokeVerificationKeyResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { revokeVerificationKey } from '../domain/account-settings.ts';
import type { SettingsPorts } from '../usecases/settings-ports.ts';

export function revokeVerificationKeyHandler({ accounts }: SettingsPorts) {
  return async ({ keyId }: RevokeVerificationKeyRequest, { identity }: CallContext): Promise<RevokeVerificationKeyResponse> => {
    await accounts.change(identity.accountId, (account) => revokeVerificationKey(account, keyId));
    return {};
  };
}
