import type { RevokeVerificationTokenRequest, RevokeVerificationTokenResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { revokeVerificationToken } from '../usecases/revoke-verification-token.ts';
import type { SettingsPorts } from '../usecases/settings-ports.ts';

export function revokeVerificationTokenHandler(ports: SettingsPorts) {
  return async ({ token }: RevokeVerificationTokenRequest, { identity }: CallContext): Promise<RevokeVerificationTokenResponse> => {
    await revokeVerificationToken(ports, identity.accountId, token);
    return {};
  };
}
