import type { WebhookServiceService } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { deliveryId } from '../domain/delivery.ts';
import { requireWebhook, type WebhookOperations } from '../webhook/webhook-operations.ts';
import { required, toDeadLetter } from './convert-webhook.ts';

export function getDeadLetterHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['getDeadLetter']> {
  return async ({ subscriptionId, eventId }, { identity: { accountId } }) => {
    required({ subscription_id: subscriptionId, event_id: eventId });
    requireWebhook(ports, accountId, subscriptionId);
    const letter = await ports.deadLetters.find(accountId, deliveryId(subscriptionId, eventId));
    if (letter === undefined) throw parleyError('not_found.dead_letter', 'no such dead letter');
    return { deadLetter: toDeadLetter(letter), body: letter.body };
  };
}
