import type { WebhookServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { listAttempts } from '../webhook/list-attempts.ts';
import type { WebhookOperations } from '../webhook/webhook-operations.ts';
import { required, toAttempt } from './convert-webhook.ts';
import { fromPageToken, pageLimit, toPageToken } from './page.ts';

export function listAttemptsHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['listAttempts']> {
  return async ({ subscriptionId, eventId, pageSize, pageToken }, { identity: { accountId } }) => {
    required({ subscription_id: subscriptionId });
    const limit = pageLimit(pageSize);
    const place = fromPageToken(pageToken, ['number', 'string', 'number']) as [number, string, number] | undefined;
    const after = place === undefined ? undefined : { timeMs: place[0], eventId: place[1], number: place[2] };
    const wanted = { accountId, subscriptionId, eventId: eventId === '' ? undefined : eventId, after };
    const attempts = await listAttempts(ports, { ...wanted, limit: limit + 1 });
    const page = attempts.slice(0, limit);
    const last = page.at(-1);
    const nextPageToken = last === undefined || attempts.length <= limit ? '' : toPageToken([last.timeMs, last.eventId, last.number]);
    return { attempts: page.map(toAttempt), nextPageToken };
  };
}
