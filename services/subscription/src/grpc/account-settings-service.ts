import { AccountSettingsServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { SettingsPorts } from '../usecases/settings-ports.ts';
import { createVerificationKeyHandler } from './create-verification-key.ts';
import { getEventRetentionHandler } from './get-event-retention.ts';
import { listVerificationKeysHandler } from './list-verification-keys.ts';
import { revokeVerificationKeyHandler } from './revoke-verification-key.ts';
import { revokeVerificationTokenHandler } from './revoke-verification-token.ts';
import { updateEventRetentionHandler } from './update-event-retention.ts';

/** parley.subscription.v1.AccountSettingsService, for the account of the caller's token. */
export function accountSettingsService(ports: SettingsPorts): GrpcService {
  return grpcService(AccountSettingsServiceService, {
    scope: 'api',
    handlers: {
      createVerificationKey: createVerificationKeyHandler(ports),
      listVerificationKeys: listVerificationKeysHandler(ports),
      revokeVerificationKey: revokeVerificationKeyHandler(ports),
      revokeVerificationToken: revokeVerificationTokenHandler(ports),
      getEventRetention: getEventRetentionHandler(ports),
      updateEventRetention: updateEventRetentionHandler(ports),
    },
  });
}
