import { downstreamDomain } from '@parley/bus';
import type { CreateNatsCredentialRequest, CreateNatsCredentialResponse } from '@parley/contracts';
import type { CallContext } from '@parley/grpc';
import { createNatsCredential, type CreateNatsCredentialPorts } from '../usecases/create-nats-credential.ts';
import { streamsOf } from './convert.ts';

export function createNatsCredentialHandler(ports: CreateNatsCredentialPorts) {
  return async ({ subscriptionId, lifetime }: CreateNatsCredentialRequest, { identity }: CallContext): Promise<CreateNatsCredentialResponse> => {
    const lifetimeS = lifetime === undefined ? undefined : Number(lifetime.seconds);
    const created = await createNatsCredential(ports, { accountId: identity.accountId, subscriptionId, lifetimeS });
    const { credentials, consumerName, inboxPrefix, expireTimeS, subscription } = created;
    return {
      credentials,
      expireTime: new Date(expireTimeS * 1_000),
      jetstreamDomain: downstreamDomain,
      consumerName,
      streams: streamsOf(subscription.filter),
      inboxPrefix,
    };
  };
}
