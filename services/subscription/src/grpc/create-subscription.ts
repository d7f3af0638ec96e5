import { downstreamConsumerName } from '@parley/bus';
import type { CreateSubscriptionRequest, CreateSubscriptionResponse } from '@parley/contracts';
import { fromEventFilterMessage } from '@parley/filters';
import type { CallContext } from '@parley/grpc';
import type { Subscription } from '../domain/account-subscriptions.ts';
import { createSubscription, type CreateSubscriptionPorts } from '../usecases/create-subscription.ts';
import { fromSink, streamsOf, toSubscription } from './convert.ts';

export function createSubscriptionHandler(ports: CreateSubscriptionPorts) {
  return async ({ requestId, filter, sink }: CreateSubscriptionRequest, { identity }: CallContext): Promise<CreateSubscriptionResponse> => {
    const { accountId } = identity;
    const subscription = await createSubscription(ports, { accountId, requestId, filter: fromEventFilterMessage(filter), sink: fromSink(sink) });
    return { subscription: toSubscription(subscription), ...access(accountId, subscription) };
  };
}

/** What the subscriber needs to make use of it, and is told here only. */
function access(accountId: string, { subscriptionId, sink, filter }: Subscription): Omit<CreateSubscriptionResponse, 'subscription'> {
  if (sink.kind === 'webhook') return { webhookSecret: sink.secret, consumerName: '', streams: [] };
  return { webhookSecret: '', consumerName: downstreamConsumerName(accountId, subscriptionId), streams: streamsOf(filter) };
}
