import type { GetEventRetentionRequest, GetEventRetentionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { toRetentions } from '../bus/convert.ts';
import type { SettingsPorts } from '../usecases/settings-ports.ts';

export function getEventRetentionHandler({ accounts }: SettingsPorts) {
  return async (_request: GetEventRetentionRequest, { identity }: CallContext): Promise<GetEventRetentionResponse> => {
    const { settings } = await accounts.find(identity.accountId);
    return { retentions: toRetentions(settings.retentionMs) };
  };
}
