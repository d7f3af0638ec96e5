import type { SubscriptionChanged } from '@parley/contracts';
import { fromCheckedFilterMessage } from '@parley/filters';
import type { SigningKey, WebhookSubscription } from '../domain/webhook-subscription.ts';

/** What a change means for webhooks. A NATS sink is the broker's business. */
export type WebhookChange =
  | { readonly kind: 'put'; readonly subscription: WebhookSubscription }
  | { readonly kind: 'deleted'; readonly accountId: string; readonly subscriptionId: string }
  | { readonly kind: 'none' };

export function fromMessage(change: SubscriptionChanged): WebhookChange {
  const { accountId, subscription, deleted, revision, rewind } = change;
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
      signingKeys: signingKeysOf(change),
      paused,
      startsAfter: Object.fromEntries(startsAfter.map(({ stream, sequence }) => [stream, Number(sequence)])),
      rewind: Number(rewind),
      revision,
    },
  };
}

// A service of before key rotation sends the one secret alone.
function signingKeysOf({ webhookSigningKeys, webhookSecret }: SubscriptionChanged): SigningKey[] {
  if (webhookSigningKeys.length === 0) return [{ secret: webhookSecret, expiresAt: undefined }];
  return webhookSigningKeys.map(({ secret, expireTime }) => ({ secret, expiresAt: expireTime }));
}
