import { downstreamConsumerName } from '@parley/bus';
import type { CreateSubscriptionRequest, CreateSubscriptionResponse } from '@parley/contracts';
import { fromEventFilterMessage } from '@parley/filters';
import type { CallContext } from '@parley/grpc';
import { sharedSecretOf, toMessage } from '../bus/convert.ts';
import type { Subscription } from '../domain/subscription.ts';
import { createSubscription } from '../usecases/create-subscription.ts';
import type { SubscriptionPorts } from '../usecases/subscription-ports.ts';
import { fromSink, fromStart, streamsOf } from './convert.ts';

export function createSubscriptionHandler(ports: SubscriptionPorts) {
  return async (request: CreateSubscriptionRequest, { identity }: CallContext): Promise<CreateSubscriptionResponse> => {
    const { accountId } = identity;
    const { requestId, filter, sink, start } = request;
    const command = { accountId, requestId, filter: fromEventFilterMessage(filter), sink: fromSink(sink), start: fromStart(start) };
    const subscription = await createSubscription(ports, command);
    // As it was created, its first key included, whenever it is asked again.
    return { subscription: toMessage(subscription), ...access(accountId, subscription) };
  };
}

/** What the subscriber needs to make use of it, and is told here only. */
function access(accountId: string, { subscriptionId, sink, filter }: Subscription): Omit<CreateSubscriptionResponse, 'subscription'> {
  if (sink.kind === 'webhook') return { webhookSecret: sharedSecretOf(sink), consumerName: '', streams: [] };
  return { webhookSecret: '', consumerName: downstreamConsumerName(accountId, subscriptionId), streams: streamsOf(filter) };
}
