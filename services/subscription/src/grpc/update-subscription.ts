import type { UpdateSubscriptionRequest, UpdateSubscriptionResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { updateSubscription, type UpdateSubscriptionPorts } from '../usecases/update-subscription.ts';
import { fromFilter, toSubscription } from './convert.ts';

export function updateSubscriptionHandler(ports: UpdateSubscriptionPorts) {
  return async ({ subscriptionId, filter, paused }: UpdateSubscriptionRequest, { identity }: CallContext): Promise<UpdateSubscriptionResponse> => {
    const { accountId } = identity;
    const subscription = await updateSubscription(ports, { accountId, subscriptionId, filter: fromFilter(filter), paused });
    return { subscription: toSubscription(subscription) };
  };
}
