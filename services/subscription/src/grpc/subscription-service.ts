import { SubscriptionServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { CreateSubscriptionPorts } from '../usecases/create-subscription.ts';
import { createSubscriptionHandler } from './create-subscription.ts';
import { deleteSubscriptionHandler } from './delete-subscription.ts';
import { getSubscriptionHandler } from './get-subscription.ts';
import { listSubscriptionsHandler } from './list-subscriptions.ts';
import { updateSubscriptionHandler } from './update-subscription.ts';

/** parley.subscription.v1.SubscriptionService, for the account of the caller's token. */
export function subscriptionService(ports: CreateSubscriptionPorts): GrpcService {
  return grpcService(SubscriptionServiceService, {
    scope: 'api',
    handlers: {
      createSubscription: createSubscriptionHandler(ports),
      getSubscription: getSubscriptionHandler(ports.accounts),
      listSubscriptions: listSubscriptionsHandler(ports.accounts),
      updateSubscription: updateSubscriptionHandler(ports),
      deleteSubscription: deleteSubscriptionHandler(ports.accounts),
    },
  });
}
