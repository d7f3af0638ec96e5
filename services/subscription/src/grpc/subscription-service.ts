import { SubscriptionServiceService } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { CreateNatsCredentialPorts } from '../usecases/create-nats-credential.ts';
import type { CreateSubscriptionPorts } from '../usecases/create-subscription.ts';
import { createNatsCredentialHandler } from './create-nats-credential.ts';
import { createSubscriptionHandler } from './create-subscription.ts';
import { deleteSubscriptionHandler } from './delete-subscription.ts';
import { getSubscriptionHandler } from './get-subscription.ts';
import { listSubscriptionsHandler } from './list-subscriptions.ts';
import { updateSubscriptionHandler } from './update-subscription.ts';

const unimplemented = (): never => {
  throw parleyError('request.unimplemented', 'not yet');
};

/** parley.subscription.v1.SubscriptionService, for the account of the caller's token. */
export function subscriptionService(ports: CreateSubscriptionPorts & CreateNatsCredentialPorts): GrpcService {
  return grpcService(SubscriptionServiceService, {
    scope: 'api',
    handlers: {
      createSubscription: createSubscriptionHandler(ports),
      getSubscription: getSubscriptionHandler(ports.accounts),
      listSubscriptions: listSubscriptionsHandler(ports.accounts),
      updateSubscription: updateSubscriptionHandler(ports),
      deleteSubscription: deleteSubscriptionHandler(ports.accounts),
      rewindSubscription: unimplemented,
      rotateWebhookKey: unimplemented,
      createNatsCredential: createNatsCredentialHandler(ports),
    },
  });
}
