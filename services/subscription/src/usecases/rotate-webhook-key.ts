import { invalidArgument } from '@parley/errors';
import { find, rotateKey } from '../domain/account-subscriptions.ts';
import { madeBy } from '../domain/request-key.ts';
import type { SigningKey } from '../domain/signing-keys.ts';
import { webhookOf } from '../domain/sink.ts';
import type { Subscription } from '../domain/subscription.ts';
import { requestKey } from './idempotent-request.ts';
import { newSigningKey } from './new-signing-key.ts';
import type { SubscriptionPorts } from './subscription-ports.ts';

export interface RotateWebhookKey {
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly requestId: string;
  /** How long the keys of before sign beside the new one; undefined: a day. */
  readonly overlapMs: number | undefined;
}

export interface RotatedKey {
  readonly subscription: Subscription;
  /** The one that the request made. */
  readonly key: SigningKey;
}

const dayMs = 24 * 3600 * 1_000;
const longestOverlapMs = 7 * dayMs;

/**
 * Makes a key that signs from now on, or finds the one that the same request made before.
 * @throws ParleyError `not_found.subscription`, `subscription.invalid_sink`, `webhook.key_limit`, `request.*`
 */
export async function rotateWebhookKey({ accounts, now }: SubscriptionPorts, command: RotateWebhookKey): Promise<RotatedKey> {
  const { accountId, subscriptionId, requestId, overlapMs = dayMs } = command;
  const request = requestKey(requestId, [subscriptionId, overlapMs]);
  if (!(overlapMs >= 0 && overlapMs <= longestOverlapMs)) throw invalidArgument([{ field: 'overlap', description: 'is not between nothing and seven days' }]);
  let result: RotatedKey | undefined;
  await accounts.change(accountId, (account) => {
    const subscription = find(account, subscriptionId);
    const { keys, scheme } = webhookOf(subscription.sink);
    const made = madeBy(keys, request);
    if (made !== undefined) {
      result = { subscription, key: made };
      return undefined;
    }
    const key: SigningKey = { ...newSigningKey(scheme, now()), request };
    const change = rotateKey(account, subscriptionId, key, overlapMs);
    result = { subscription: change.changed, key };
    return change;
  });
  return result!;
}
