import type { RotateWebhookKeyRequest, RotateWebhookKeyResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { rotateWebhookKey } from '../usecases/rotate-webhook-key.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { fromDuration, toSubscription } from './convert.ts';

export function rotateWebhookKeyHandler(ports: SubscriptionPorts) {
  return async ({ subscriptionId, requestId, overlap }: RotateWebhookKeyRequest, { identity }: CallContext): Promise<RotateWebhookKeyResponse> => {
    const overlapMs = overlap === undefined ? undefined : fromDuration(overlap);
    const { subscription, key } = await rotateWebhookKey(ports, { accountId: identity.accountId, subscriptionId, requestId, overlapMs });
    // A private key stays here: its receivers have the public one.
    return { subscription: toSubscription(subscription, ports.now()), webhookSecret: key.publicKey === '' ? key.secret : '' };
  };
}
