import { SubscriptionServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { CreateNatsCredentialPorts } from '../usecases/create-nats-credential.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { createNatsCredentialHandler } from './create-nats-credential.ts';
import { createSubscriptionHandler } from './create-subscription.ts';
import { deleteSubscriptionHandler } from './delete-subscription.ts';
import { getSubscriptionHandler } from './get-subscription.ts';
import { listSubscriptionsHandler } from './list-subscriptions.ts';
import { rewindSubscriptionHandler } from './rewind-subscription.ts';
import { rotateWebhookKeyHandler } from './rotate-webhook-key.ts';
import { updateSubscriptionHandler } from './update-subscription.ts';

/** parley.subscription.v1.SubscriptionService, for the account of the caller's token. */
export function subscriptionService(ports: SubscriptionPorts & CreateNatsCredentialPorts): GrpcService {
  return grpcService(SubscriptionServiceService, {
    scope: 'api',
    handlers: {
      createSubscription: createSubscriptionHandler(ports),
      getSubscription: getSubscriptionHandler(ports),
      listSubscriptions: listSubscriptionsHandler(ports),
      updateSubscription: updateSubscriptionHandler(ports),
      deleteSubscription: deleteSubscriptionHandler(ports),
      rewindSubscription: rewindSubscriptionHandler(ports),
      rotateWebhookKey: rotateWebhookKeyHandler(ports),
      createNatsCredential: createNatsCredentialHandler(ports),
    },
  });
}
