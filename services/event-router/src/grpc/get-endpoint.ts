import { EndpointState, type WebhookServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { endpointHealth, type EndpointHealth } from '../webhook/endpoint-health.ts';
import type { WebhookOperations } from '../webhook/webhook-operations.ts';
import { required } from './convert-webhook.ts';

const states: Readonly<Record<EndpointHealth['state'], EndpointState>> = {
  healthy: EndpointState.HEALTHY,
  open: EndpointState.OPEN,
  gone: EndpointState.GONE,
};

export function getEndpointHandler(ports: WebhookOperations): HandlerOf<WebhookServiceService['getEndpoint']> {
  return async ({ subscriptionId }, { identity: { accountId } }) => {
    required({ subscription_id: subscriptionId });
    const { state, ...counts } = await endpointHealth(ports, accountId, subscriptionId);
    return { state: states[state], ...counts };
  };
}
