import type { UpdateSubscriptionRequest, UpdateSubscriptionResponse } from '@parley/contracts';
import { fromEventFilterMessage } from '@parley/filters';
import type { CallContext } from '@parley/grpc';
import { updateSubscription, type UpdateSubscriptionPorts } from '../usecases/update-subscription.ts';
import { toSubscription } from './convert.ts';

export function updateSubscriptionHandler(ports: UpdateSubscriptionPorts) {
  return async ({ subscriptionId, filter, paused }: UpdateSubscriptionRequest, { identity }: CallContext): Promise<UpdateSubscriptionResponse> => {
    const { accountId } = identity;
    const subscription = await updateSubscription(ports, { accountId, subscriptionId, filter: fromEventFilterMessage(filter), paused });
    return { subscription: toSubscription(subscription) };
  };
}
