import { downstreamVariables, type ServiceName } from '@parley/local';
import type { TestBus } from './test-bus.ts';
import type { TestDatabase } from './test-database.ts';
import type { TestKeys } from './test-keys.ts';

/** What a service under test needs of the platform: testBus, testDatabase and testKeys give it, or servers of a spec's own. */
export interface TestParts {
  readonly nats: Pick<TestBus, 'login'>;
  readonly database: Pick<TestDatabase, 'url' | 'name'>;
  readonly keys: TestKeys;
}

/** What every service reads: the spec's broker with the service's own rights, its database, its keys, ports of the system's choice. */
export function serviceVariables(service: ServiceName, { nats, database, keys }: TestParts): Record<string, string> {
  const { url, credsFile } = nats.login(service);
  return {
    INSTANCE_NAME: `${service}-test`,
    NATS_URL: url,
    NATS_CREDS_FILE: credsFile,
    MONGODB_URL: database.url,
    MONGODB_DATABASE: database.name,
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    JWKS_FILE: keys.jwksFile,
    LOG_LEVEL: process.env['PARLEY_TEST_LOG'] ?? 'fatal',
    ...(service === 'subscription' ? downstreamVariables() : {}),
  };
}
