import { allPartitions } from '@parley/bus';
import { compareAttempts, type AttemptKey } from '../domain/attempt-log.ts';
import type { AttemptRecord } from '../domain/attempt.ts';
import { requireWebhook, type WebhookOperations } from './webhook-operations.ts';

export interface ListAttempts {
  readonly accountId: string;
  readonly subscriptionId: string;
  /** undefined: of all. */
  readonly eventId: string | undefined;
  /** The last one of the page before. */
  readonly after: AttemptKey | undefined;
  readonly limit: number;
}

/**
 * Attempts at a webhook's deliveries, the newest first. Those that come meanwhile disturb no page.
 * @throws ParleyError `not_found.subscription`
 */
export async function listAttempts(
  ports: Pick<WebhookOperations, 'subscriptions' | 'logs'>,
  { accountId, subscriptionId, eventId, after, limit }: ListAttempts,
): Promise<readonly AttemptRecord[]> {
  requireWebhook(ports, accountId, subscriptionId);
  const logs = await ports.logs.all(subscriptionId, allPartitions);
  return logs
    .flatMap(({ attempts }) => attempts)
    .filter((attempt) => (eventId === undefined || attempt.eventId === eventId) && (after === undefined || compareAttempts(attempt, after) > 0))
    .sort(compareAttempts)
    .slice(0, limit);
}
