import type { WebhookServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { redriveOne } from '../webhook/redrive.ts';
import type { WebhookOperations } from '../webhook/webhook-operations.ts';
import { required } from './convert-webhook.ts';

export function redriveDeadLetterHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['redriveDeadLetter']> {
  return async ({ subscriptionId, eventId }, { identity: { accountId } }) => {
    required({ subscription_id: subscriptionId, event_id: eventId });
    await redriveOne(ports, accountId, subscriptionId, eventId);
    return {};
  };
}
