import type { WebhookServiceService } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { replayMissing } from '../webhook/replay-missing.ts';
import type { WebhookOperations } from '../webhook/webhook-operations.ts';
import { required } from './convert-webhook.ts';

export function replayMissingHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['replayMissing']> {
  return async ({ subscriptionId, since }, { identity: { accountId }, signal }) => {
    required({ subscription_id: subscriptionId });
    // Without it everything that is kept would be gone through, which nobody means by leaving it out.
    if (since === undefined) throw invalidArgument([{ field: 'since', description: 'is missing' }]);
    return { replayed: await replayMissing(ports, accountId, subscriptionId, since, signal) };
  };
}
