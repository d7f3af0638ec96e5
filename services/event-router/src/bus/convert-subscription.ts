import type { SubscriptionChanged } from '@parley/contracts';
import { fromCheckedFilterMessage } from '@parley/filters';
import type { AccountSettings } from '../usecases/account-directory.ts';
import { toSettings } from './convert-settings.ts';
import type { SigningKey, WebhookSubscription } from '../domain/webhook-subscription.ts';

/** What a change means for webhooks. A NATS sink is the broker's business. */
export type WebhookChange =
  | { readonly kind: 'put'; readonly subscription: WebhookSubscription }
  | { readonly kind: 'deleted'; readonly accountId: string; readonly subscriptionId: string }
  | { readonly kind: 'none' };

/** What a message of the stream means here. */
export type SubscriptionChange = WebhookChange | { readonly kind: 'settings'; readonly accountId: string; readonly settings: AccountSettings };

export function fromMessage(change: SubscriptionChanged): SubscriptionChange {
  const { accountId, subscription, deleted, revision, rewind, settings } = change;
  if (settings !== undefined) return { kind: 'settings', accountId, settings: toSettings(settings) };
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
