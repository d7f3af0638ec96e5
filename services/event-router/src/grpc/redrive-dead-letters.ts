import type { WebhookServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { redriveSince } from '../webhook/redrive.ts';
import type { WebhookOperations } from '../webhook/webhook-operations.ts';
import { required } from './convert-webhook.ts';

export function redriveDeadLettersHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['redriveDeadLetters']> {
  return async ({ subscriptionId, since }, { identity: { accountId } }) => {
    required({ subscription_id: subscriptionId });
    return { redriven: await redriveSince(ports, accountId, subscriptionId, since) };
  };
}
