import type { UpdateEventRetentionRequest, UpdateEventRetentionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { toRetentions } from '../bus/convert.ts';
import type { SettingsPorts } from '../usecases/settings-ports.ts';
import { updateEventRetention } from '../usecases/update-event-retention.ts';
import { fromRetention } from './convert-settings.ts';

export function updateEventRetentionHandler(ports: SettingsPorts) {
  return async ({ retentions }: UpdateEventRetentionRequest, { identity }: CallContext): Promise<UpdateEventRetentionResponse> => {
    const retentionMs = await updateEventRetention(ports, identity.accountId, retentions.map(fromRetention));
    return { retentions: toRetentions(retentionMs) };
  };
}
