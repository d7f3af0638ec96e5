import { afterAll, beforeAll } from '@jest/globals';
import { SubscriptionServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { createScope, type Scope } from '@parley/lifecycle';
import { serviceVariables, type TestParts } from '@parley/testing';
import { configDefinition } from '../config.ts';
import { start } from '../main.ts';

export type SubscriptionClient = GrpcClient<(typeof SubscriptionServiceClient)['service']>;

export interface StartedService {
  /** A client of the first replica, with a token of the account. */
  client(accountId: string): Promise<SubscriptionClient>;
  /** A client of replica `index`. */
  clientOf(index: number, accountId: string): Promise<SubscriptionClient>;
  readonly httpPort: number;
}

/** Call it at the top of a spec: replicas of the service on the spec's broker and database, with the service's own rights. */
export function startedService(parts: TestParts, replicas = 1): StartedService {
  const scopes: Scope[] = [];
  const ports: { readonly grpcPort: number; readonly httpPort: number }[] = [];
  const clients: SubscriptionClient[] = [];
  beforeAll(async () => {
    for (let index = 0; index < replicas; index += 1) {
      const scope = createScope();
      scopes.push(scope);
      ports.push(await start(scope, configDefinition.read(environment(parts))));
    }
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const scope of scopes) await scope.stop();
  });
  const clientOf = async (index: number, accountId: string): Promise<SubscriptionClient> => {
    const client = createClient(SubscriptionServiceClient, {
      address: `127.0.0.1:${ports[index]!.grpcPort}`,
      token: await parts.keys.token({ accountId }),
    });
    clients.push(client);
    return client;
  };
  return {
    client: (accountId) => clientOf(0, accountId),
    clientOf,
    get httpPort() {
      return ports[0]!.httpPort;
    },
  };
}

function environment(parts: TestParts): Record<string, string> {
  return {
    ...serviceVariables('subscription', parts),
    SUBSCRIPTIONS_PER_ACCOUNT: '5',
    EGRESS_ALLOW: '127.0.0.1:9999',
  };
}
