import type { WebhookServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { requireWebhook, type WebhookOperations } from '../webhook/webhook-operations.ts';
import { toDeadLetter } from './convert-webhook.ts';
import { fromPageToken, pageLimit, toPageToken } from './page.ts';

export function listDeadLettersHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['listDeadLetters']> {
  return async ({ subscriptionId, pageSize, pageToken }, { identity: { accountId } }) => {
    const limit = pageLimit(pageSize);
    const place = fromPageToken(pageToken, ['number', 'string']) as [number, string] | undefined;
    if (subscriptionId !== '') requireWebhook(ports, accountId, subscriptionId);
    const letters = await ports.deadLetters.list({
      accountId,
      subscriptionId: subscriptionId === '' ? undefined : subscriptionId,
      after: place === undefined ? undefined : { diedAt: new Date(place[0]), id: place[1] },
      limit: limit + 1,
    });
    const page = letters.slice(0, limit);
    const last = page.at(-1);
    const nextPageToken = last === undefined || letters.length <= limit ? '' : toPageToken([last.diedAt.getTime(), last.id]);
    return { deadLetters: page.map(toDeadLetter), nextPageToken };
  };
}
