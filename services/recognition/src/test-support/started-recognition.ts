import { afterAll, beforeAll } from '@jest/globals';
import { ParkingServiceClient, RecognitionServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { createScope, type Scope } from '@parley/lifecycle';
import { serviceVariables, type TestParts } from '@parley/testing';
import { configDefinition } from '../config.ts';
import { start } from '../main.ts';

export type RecognitionClient = GrpcClient<(typeof RecognitionServiceClient)['service']>;
export type ParkingClient = GrpcClient<(typeof ParkingServiceClient)['service']>;

export interface StartedRecognition {
  client(replica?: number): RecognitionClient;
  parking(replica?: number): Promise<ParkingClient>;
  httpPort(replica?: number): number;
  grpcPort(replica?: number): number;
  /** Ends a replica and starts it anew, on other ports. */
  restart(replica: number): Promise<void>;
}

/** Call it at the top of a spec: replicas of the service on the spec's broker and database, with the service's own rights. */
export function startedRecognition(parts: TestParts, { replicas = 1, env = {} }: { replicas?: number; env?: Record<string, string> } = {}): StartedRecognition {
  const scopes: Scope[] = [];
  const ports: { readonly grpcPort: number; readonly httpPort: number }[] = [];
  const open: { close(): void }[] = [];
  const startReplica = async (index: number): Promise<void> => {
    const scope = createScope();
    scopes[index] = scope;
    ports[index] = await start(scope, configDefinition.read({ ...environment(parts), ...env }));
  };
  beforeAll(async () => {
    for (let index = 0; index < replicas; index += 1) await startReplica(index);
  });
  afterAll(async () => {
    for (const client of open) client.close();
    for (const scope of scopes) await scope.stop();
  });
  const addressOf = (replica: number): string => `127.0.0.1:${ports[replica]!.grpcPort}`;
  return {
    client: (replica = 0) => {
      const client = createClient(RecognitionServiceClient, { address: addressOf(replica) });
      open.push(client);
      return client;
    },
    parking: async (replica = 0) => {
      const client = createClient(ParkingServiceClient, { address: addressOf(replica), token: await parts.keys.token({ scope: 'service' }) });
      open.push(client);
      return client;
    },
    httpPort: (replica = 0) => ports[replica]!.httpPort,
    grpcPort: (replica = 0) => ports[replica]!.grpcPort,
    restart: async (replica) => {
      await scopes[replica]!.stop();
      await startReplica(replica);
    },
  };
}

function environment(parts: TestParts): Record<string, string> {
  return {
    ...serviceVariables('recognition', parts),
    END_WAIT_MS: '1000',
    END_WAIT_MAX_MS: '4000',
  };
}
