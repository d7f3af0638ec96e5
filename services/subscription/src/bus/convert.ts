import { Subscription as SubscriptionMessage, SubscriptionChanged } from '@parley/contracts';
import { toEventFilterMessage } from '@parley/filters';
import type { Subscription } from '../domain/account-subscriptions.ts';

/** As other services and the API see it: without its secret and its request. */
export function toMessage({ subscriptionId, filter, sink, paused, startsAfter }: Subscription): SubscriptionMessage {
  return SubscriptionMessage.fromPartial({
    subscriptionId,
    filter: toEventFilterMessage(filter),
    sink: { kind: sink.kind === 'webhook' ? { $case: 'webhook', value: { url: sink.url } } : { $case: 'nats', value: {} } },
    paused,
    startsAfter: Object.entries(startsAfter).map(([stream, sequence]) => ({ stream, sequence: BigInt(sequence) })),
  });
}

/** What every event-router replica learns. A deleted one needs no more than its name. */
export function toChange(accountId: string, changed: Subscription, deleted: boolean): SubscriptionChanged {
  const { subscriptionId, revision, sink } = changed;
  const nameOnly = SubscriptionMessage.fromPartial({ subscriptionId });
  return SubscriptionChanged.fromPartial({
    accountId,
    subscription: deleted ? nameOnly : toMessage(changed),
    deleted,
    webhookSecret: sink.kind === 'webhook' && !deleted ? sink.secret : '',
    revision: BigInt(revision),
  });
}
