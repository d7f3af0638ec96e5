import type { Bus } from '@parley/bus';
import { parleyError } from '@parley/errors';
import type { SubscriptionIndex, WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { AttemptRepository } from '../store/attempt-repository.ts';
import type { DeadLetterRepository } from '../store/dead-letter-repository.ts';
import type { DeliveryRepository } from '../store/delivery-repository.ts';
import type { ReloadRepository } from '../store/reload-repository.ts';
import type { BackFillPorts } from './back-fill.ts';
import type { DispatcherPorts } from './dispatcher.ts';
import type { EndpointGates } from './endpoint-gates.ts';
import type { GoneEndpoints } from './gone-endpoints.ts';
import type { SharedCircuits } from './shared-circuits.ts';

/** What people ask of webhooks, of any replica: it works on the database, and tells the owners of partitions by it. */
export interface WebhookOperations {
  readonly bus: Bus;
  readonly subscriptions: SubscriptionIndex;
  readonly deliveries: DeliveryRepository;
  readonly deadLetters: DeadLetterRepository;
  readonly logs: Pick<AttemptRepository, 'all'>;
  readonly reloads: Pick<ReloadRepository, 'request'>;
  readonly gates: EndpointGates;
  readonly gone: GoneEndpoints;
  readonly circuits: SharedCircuits;
  readonly states: DispatcherPorts['states'];
  readonly eventsBetween: BackFillPorts['eventsBetween'];
  /** Deliveries that are in this replica's memory only. */
  readonly unstoredOf: (subscriptionId: string) => number;
}

/**
 * A webhook of an account.
 * @throws ParleyError `not_found.subscription`, also for another account's
 */
export function requireWebhook({ subscriptions }: Pick<WebhookOperations, 'subscriptions'>, accountId: string, subscriptionId: string): WebhookSubscription {
  const known = subscriptions.get(accountId, subscriptionId);
  if (known.kind !== 'active') throw parleyError('not_found.subscription', 'no such webhook');
  return known.subscription;
}
