import { afterAll, beforeAll } from '@jest/globals';
import { BillingServiceClient, ChargeAuthorizationServiceClient, ParkingServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { createScope, type Scope } from '@parley/lifecycle';
import { serviceVariables, type TestParts } from '@parley/testing';
import { configDefinition } from '../config.ts';
import { start } from '../main.ts';

export type BillingClient = GrpcClient<(typeof BillingServiceClient)['service']>;
export type AuthorizationClient = GrpcClient<(typeof ChargeAuthorizationServiceClient)['service']>;
export type ParkingClient = GrpcClient<(typeof ParkingServiceClient)['service']>;

export interface Clients {
  readonly billing: BillingClient;
  readonly authorization: AuthorizationClient;
  readonly parking: ParkingClient;
}

export interface StartedBilling {
  /** Clients of a replica, with tokens of the account. */
  clients(accountId: string, replica?: number): Promise<Clients>;
  port(replica: number): { readonly grpcPort: number; readonly httpPort: number };
  /** Ends a replica. */
  stop(replica: number): Promise<void>;
  /** Ends a replica and starts it anew, on other ports; over another database, if one is given. */
  restart(replica: number, database?: TestParts['database']): Promise<void>;
}

/** Call it at the top of a spec: replicas of the service on the spec's broker and database, with the service's own rights. */
export function startedBilling(parts: TestParts, { replicas = 1, env = {} }: { replicas?: number; env?: Record<string, string> } = {}): StartedBilling {
  const scopes: Scope[] = [];
  const ports: { readonly grpcPort: number; readonly httpPort: number }[] = [];
  const open: { close(): void }[] = [];
  const startReplica = async (index: number, database = parts.database): Promise<void> => {
    const scope = createScope();
    scopes[index] = scope;
    ports[index] = await start(scope, configDefinition.read({ ...environment({ ...parts, database }), ...env }));
  };
  beforeAll(async () => {
    for (let index = 0; index < replicas; index += 1) await startReplica(index);
  });
  afterAll(async () => {
    for (const client of open) client.close();
    for (const scope of scopes) await scope.stop();
  });
  return {
    clients: async (accountId, replica = 0) => {
      const address = `127.0.0.1:${ports[replica]!.grpcPort}`;
      const service = { address, token: await parts.keys.token({ accountId, scope: 'service' }) };
      const clients: Clients = {
        billing: createClient(BillingServiceClient, { address, token: await parts.keys.token({ accountId, scope: 'api' }) }),
        authorization: createClient(ChargeAuthorizationServiceClient, service),
        parking: createClient(ParkingServiceClient, service),
      };
      open.push(...Object.values(clients));
      return clients;
    },
    port: (replica) => ports[replica]!,
    stop: (replica) => scopes[replica]!.stop(),
    restart: async (replica, database) => {
      await scopes[replica]!.stop();
      await startReplica(replica, database);
    },
  };
}

/** What the service reads, for the broker, database and keys of a spec. */
export function environment(parts: TestParts): Record<string, string> {
  return {
    ...serviceVariables('billing', parts),
    LEASE_TTL_MS: '1500',
  };
}
