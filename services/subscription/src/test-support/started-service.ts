import { afterAll, beforeAll } from '@jest/globals';
import { AccountSettingsServiceClient, SubscriptionServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { createScope, type Scope } from '@parley/lifecycle';
import { serviceVariables, type TestParts } from '@parley/testing';
import { configDefinition } from '../config.ts';
import { start } from '../main.ts';

export type SubscriptionClient = GrpcClient<(typeof SubscriptionServiceClient)['service']>;
export type SettingsClient = GrpcClient<(typeof AccountSettingsServiceClient)['service']>;

export interface StartedService {
  /** A client of the first replica, with a token of the account. */
  client(accountId: string): Promise<SubscriptionClient>;
  /** A client of replica `index`. */
  clientOf(index: number, accountId: string): Promise<SubscriptionClient>;
  /** A client of the first replica for the account's settings. */
  settings(accountId: string): Promise<SettingsClient>;
  readonly httpPort: number;
}

/** Call it at the top of a spec: replicas of the service on the spec's broker and database, with the service's own rights. */
export function startedService(parts: TestParts, replicas = 1): StartedService {
  const scopes: Scope[] = [];
  const ports: { readonly grpcPort: number; readonly httpPort: number }[] = [];
  const clients: { close(): void }[] = [];
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
  const target = async (index: number, accountId: string) => ({ address: `127.0.0.1:${ports[index]!.grpcPort}`, token: await parts.keys.token({ accountId }) });
  const kept = <Client extends { close(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const clientOf = async (index: number, accountId: string) => kept(createClient(SubscriptionServiceClient, await target(index, accountId)));
  return {
    client: (accountId) => clientOf(0, accountId),
    clientOf,
    settings: async (accountId) => kept(createClient(AccountSettingsServiceClient, await target(0, accountId))),
    get httpPort() {
      return ports[0]!.httpPort;
    },
  };
}

function environment(parts: TestParts): Record<string, string> {
  return {
    ...serviceVariables('subscription', parts),
    EVENT_CURSOR_KEY_FILE: parts.keys.cursorKeyFile,
    SUBSCRIPTIONS_PER_ACCOUNT: '5',
    EGRESS_ALLOW: '127.0.0.1:9999',
  };
}
