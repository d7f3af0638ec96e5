import { defineConfig, exactlyOne, type ConfigDefinition, type Rule, type Variables } from './config-definition.ts';
import { oneOf, pattern, port, text, url } from './value-types.ts';

/** What every service reads. */
export const commonVariables = {
  INSTANCE_NAME: { type: pattern(/^[a-z0-9-]{1,40}$/, 'lower case letters, digits and dashes'), describe: 'name of this replica; a random suffix is added for each start' },
  NATS_URL: { type: text(), describe: 'servers of the broker, separated by commas, e.g. `nats://127.0.0.1:4222`' },
  NATS_CREDS_FILE: { type: text(), describe: "file with the credentials of the service's user of the broker (`.creds`)" },
  MONGODB_URL: { type: url(['mongodb', 'mongodb+srv']), secret: true, describe: 'connection string of the database' },
  MONGODB_DATABASE: { type: pattern(/^[A-Za-z0-9_-]{1,60}$/, 'a database name'), describe: 'name of the database; each service has its own' },
  LISTEN_HOST: { type: text(), default: '127.0.0.1', describe: 'address that the servers listen on; `0.0.0.0` in a container' },
  GRPC_PORT: { type: port(), describe: 'port of the gRPC server' },
  HTTP_PORT: { type: port(), describe: 'port of /livez, /readyz and /metrics' },
  JWKS_FILE: { type: text(), optional: true, describe: 'file with the public keys (JWKS) that tokens are verified with; or JWKS_URL' },
  JWKS_URL: { type: url(['http', 'https']), optional: true, describe: 'where the public keys are fetched; or JWKS_FILE' },
  SPANS_FILE: { type: text(), optional: true, describe: 'file that spans are appended to as JSON lines' },
  OTEL_EXPORTER_OTLP_ENDPOINT: { type: url(['http', 'https']), optional: true, describe: 'base URL of an OTLP/HTTP collector for spans' },
  LOG_LEVEL: { type: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal']), default: 'info', describe: 'lowest level that is logged' },
} as const satisfies Variables;

/** commonVariables and the service's own. */
export function defineServiceConfig<const V extends Variables>(
  variables: V,
  rules: readonly Rule[] = [],
): ConfigDefinition<typeof commonVariables & V> {
  return defineConfig({ ...commonVariables, ...variables }, [exactlyOne('JWKS_FILE', 'JWKS_URL'), ...rules]);
}
