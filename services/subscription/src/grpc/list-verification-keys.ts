import type { ListVerificationKeysRequest, ListVerificationKeysResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import type { SettingsPorts } from '../usecases/settings-ports.ts';
import { toVerificationKey } from './convert-settings.ts';

export function listVerificationKeysHandler({ accounts }: SettingsPorts) {
  return async (_request: ListVerificationKeysRequest, { identity }: CallContext): Promise<ListVerificationKeysResponse> => {
    const { settings } = await accounts.find(identity.accountId);
    return { verificationKeys: settings.verificationKeys.map(toVerificationKey) };
  };
}
