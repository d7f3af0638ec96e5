import { randomUUID } from 'node:crypto';
import { CreateSubscriptionRequest, SubscriptionServiceClient, UpdateSubscriptionRequest, type CreateNatsCredentialResponse, type CreateSubscriptionResponse, type Sink } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import { toMessage } from './soak-filter.ts';
import type { SubscriberLog } from './subscriber-log.ts';
import { untilAnswered } from './until-answered.ts';

/** Durable subscriptions, made and paused by gRPC. A request that fails is made again, as the same one. */
export interface Subscriptions {
  /** Tells the log when it starts. */
  create(log: SubscriberLog, token: string, sink: Sink): Promise<CreateSubscriptionResponse>;
  /** With a NATS sink: the login for its consumers. */
  createNats(log: SubscriberLog, token: string): Promise<CreateNatsCredentialResponse>;
  setPaused(token: string, subscriptionId: string, paused: boolean): Promise<void>;
  close(): void;
}

/** @param port of the subscription service */
export function connectSubscriptions(port: number, stop: AbortSignal): Subscriptions {
  const client = createClient(SubscriptionServiceClient, { address: `127.0.0.1:${port}` });
  const untilDone = <T>(request: () => Promise<T>) => untilAnswered(request, stop);
  const create: Subscriptions['create'] = async (log, token, sink) => {
    const request = CreateSubscriptionRequest.fromPartial({ requestId: randomUUID(), filter: toMessage(log.filter), sink });
    log.starting();
    const response = await untilDone(() => client.createSubscription(request, { token }));
    log.started();
    return response;
  };
  return {
    create,
    createNats: async (log, token) => {
      const { subscriptionId } = (await create(log, token, { kind: { $case: 'nats', value: {} } })).subscription!;
      return untilDone(() => client.createNatsCredential({ subscriptionId, lifetime: undefined }, { token }));
    },
    setPaused: async (token, subscriptionId, paused) => {
      const request = UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused, updateMask: ['paused'] });
      await untilDone(() => client.updateSubscription(request, { token }));
    },
    close: () => client.close(),
  };
}
