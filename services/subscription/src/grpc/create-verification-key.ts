import type { CreateVerificationKeyRequest, CreateVerificationKeyResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { createVerificationKey } from '../usecases/create-verification-key.ts';
import type { SettingsPorts } from '../usecases/settings-ports.ts';
import { toVerificationKey } from './convert-settings.ts';

export function createVerificationKeyHandler(ports: SettingsPorts) {
  return async ({ requestId }: CreateVerificationKeyRequest, { identity }: CallContext): Promise<CreateVerificationKeyResponse> => {
    const key = await createVerificationKey(ports, { accountId: identity.accountId, requestId });
    return { verificationKey: toVerificationKey(key), secret: key.secret };
  };
}
