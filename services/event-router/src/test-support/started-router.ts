import { afterAll } from '@jest/globals';
import { EventServiceClient, WebhookServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { createScope } from '@parley/lifecycle';
import { serviceVariables, type TestParts } from '@parley/testing';
import { configDefinition } from '../config.ts';
import { start } from '../main.ts';

export type EventClient = GrpcClient<(typeof EventServiceClient)['service']>;

export type WebhookClient = GrpcClient<(typeof WebhookServiceClient)['service']>;

export interface Router {
  readonly grpcPort: number;
  readonly httpPort: number;
  client(token: string): EventClient;
  webhookClient(token: string): WebhookClient;
  stop(): Promise<void>;
}

export interface Routers {
  /** Starts one more replica; what is still running is stopped after the spec. */
  start(variables?: Readonly<Record<string, string>>): Promise<Router>;
  /** The environment of a replica, for one that is a process of its own. */
  environment(variables?: Readonly<Record<string, string>>): Record<string, string>;
}

/** Call it at the top of a spec: replicas of the event-router on its broker and database, with the service's own rights. */
export function testRouters(parts: TestParts): Routers {
  const running = new Set<Router>();
  afterAll(async () => {
    await Promise.all([...running].map((router) => router.stop()));
  });
  const environmentOf = (variables: Readonly<Record<string, string>> = {}) => ({ ...environment(parts), ...variables });
  return {
    environment: environmentOf,
    start: async (variables) => {
      const scope = createScope();
      const ports = await start(scope, configDefinition.read(environmentOf(variables)));
      const clients: { close(): void }[] = [];
      const address = `127.0.0.1:${ports.grpcPort}`;
      const kept = <Client extends { close(): void }>(client: Client): Client => {
        clients.push(client);
        return client;
      };
      const router: Router = {
        ...ports,
        client: (token) => kept(createClient(EventServiceClient, { address, token })),
        webhookClient: (token) => kept(createClient(WebhookServiceClient, { address, token })),
        stop: async () => {
          running.delete(router);
          for (const client of clients) client.close();
          await scope.stop();
        },
      };
      running.add(router);
      return router;
    },
  };
}

function environment(parts: TestParts): Record<string, string> {
  return {
    ...serviceVariables('event-router', parts),
    EVENT_CURSOR_KEY_FILE: parts.keys.cursorKeyFile,
    HEARTBEAT_MS: '200',
    STREAM_CHECK_MS: '100',
    DRAIN_MS: '100',
    WEBHOOK_SCHEDULE: '0s,50ms,50ms,50ms,50ms,50ms,50ms,50ms,50ms,50ms,50ms,50ms',
    WEBHOOK_TIMEOUT_MS: '2000',
    // Where a spec is not about circuits.
    WEBHOOK_CIRCUIT_FAILURES: '100000',
    LEASE_TTL_MS: '1000',
  };
}
