import { SubscriptionChanged, type Subscription as SubscriptionMessage } from '@parley/contracts';
import type { Subscription } from '../domain/account-subscriptions.ts';

/** As other services and the API see it: without its secret and its request. */
export function toMessage({ subscriptionId, filter, sink, paused, startsAfter }: Subscription): SubscriptionMessage {
  return {
    subscriptionId,
    filter: {
      types: [...filter.types],
      callIds: [...filter.callIds],
      from: [...filter.from],
      to: [...filter.to],
      directions: [...filter.directions],
    },
    sink: { kind: sink.kind === 'webhook' ? { $case: 'webhook', value: { url: sink.url } } : { $case: 'nats', value: {} } },
    paused,
    startsAfter: Object.entries(startsAfter).map(([stream, sequence]) => ({ stream, sequence: BigInt(sequence) })),
  };
}

/** What every event-router replica learns. A deleted one needs no more than its name. */
export function toChange(accountId: string, changed: Subscription, deleted: boolean): SubscriptionChanged {
  const { subscriptionId, revision, sink } = changed;
  const nameOnly = SubscriptionChanged.fromPartial({ subscription: { subscriptionId } }).subscription;
  return {
    accountId,
    subscription: deleted ? nameOnly : toMessage(changed),
    deleted,
    webhookSecret: sink.kind === 'webhook' && !deleted ? sink.secret : '',
    revision: BigInt(revision),
  };
}
