import type { SubscriptionChanged } from '@parley/contracts';
import { fromCheckedFilterMessage } from '@parley/filters';
import type { WebhookSubscription } from '../domain/webhook-subscription.ts';

/** What a change means for webhooks. A NATS sink is the broker's business. */
export type WebhookChange =
  | { readonly kind: 'put'; readonly subscription: WebhookSubscription }
  | { readonly kind: 'deleted'; readonly accountId: string; readonly subscriptionId: string }
  | { readonly kind: 'none' };

export function fromMessage({ accountId, subscription, deleted, webhookSecret, revision }: SubscriptionChanged): WebhookChange {
  if (subscription === undefined) return { kind: 'none' };
  const { subscriptionId, filter, sink, paused, startsAfter } = subscription;
  if (deleted) return { kind: 'deleted', accountId, subscriptionId };
  if (sink?.kind?.$case !== 'webhook') return { kind: 'none' };
  return {
    kind: 'put',
    subscription: {
      subscriptionId,
      accountId,
      filter: fromCheckedFilterMessage(filter),
      url: sink.kind.value.url,
      secret: webhookSecret,
      paused,
      startsAfter: Object.fromEntries(startsAfter.map(({ stream, sequence }) => [stream, Number(sequence)])),
      revision,
    },
  };
}
