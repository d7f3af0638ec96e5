import type { UpdateSubscriptionRequest, UpdateSubscriptionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { updateSubscription } from '../usecases/update-subscription.ts';
import { toSubscription } from './convert.ts';
import { replacedBy } from './update-mask.ts';

export function updateSubscriptionHandler(ports: SubscriptionPorts) {
  return async (request: UpdateSubscriptionRequest, { identity }: CallContext): Promise<UpdateSubscriptionResponse> => {
    const { subscriptionId, etag } = request;
    const subscription = await updateSubscription(ports, { accountId: identity.accountId, subscriptionId, etag, ...replacedBy(request) });
    return { subscription: toSubscription(subscription, ports.now()) };
  };
}
