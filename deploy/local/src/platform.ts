import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { downstreamVariables, natsCredsFile, platformUser } from '../nats/nats-keys.ts';
import { type ServiceName, serviceNames } from '../nats/roles.ts';
import { natsServerConfig } from '../nats/server-config.ts';
import type { KeyFiles } from './keys.ts';
import type { Ports } from './ports.ts';
import type { ProcessSpec } from './process-spec.ts';
import { dataRoot, repoRoot } from './repo-paths.ts';
import { toolPaths } from './tools.ts';

export interface PlatformOptions {
  readonly ports: Ports;
  readonly keys: KeyFiles;
  /** Folder for all that the system writes; `.data/local` by default. */
  readonly dataDir?: string;
  /** Each service's database is called `<prefix>_<service>`; `parley` by default. */
  readonly databasePrefix?: string;
  /** Addresses (host:port) on this machine that tenants' URLs may lead to, besides the demo's two servers. */
  readonly egressAllow?: readonly string[];
  readonly logLevel?: string;
  /** Where NATS_URL and MONGODB_URL are looked for: a server that is named there is used and none is started. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A system that is described and not started yet. */
export interface Platform {
  /** For startSupervisor. */
  readonly specs: readonly ProcessSpec[];
  readonly natsUrl: string;
  readonly mongodbUrl: string;
  readonly dataDir: string;
  readonly logDir: string;
  /** Folder of the spans, one file a process. */
  readonly spansDir: string;
}

const natsServerName = 'nats-server';
const mongowireName = 'mongowire';
const declareName = 'declare-streams';

/**
 * Describes all processes of a Parley on this machine: NATS and the database unless they are elsewhere, the declaration
 * of the streams, and each service with as many replicas as there are ports for. Writes NATS' configuration.
 */
export async function describePlatform(options: PlatformOptions): Promise<Platform> {
  const { ports, env = process.env, dataDir = join(dataRoot, 'local') } = options;
  const platform = {
    natsUrl: env['NATS_URL'] ?? `nats://127.0.0.1:${ports.nats}`,
    mongodbUrl: env['MONGODB_URL'] ?? `mongodb://127.0.0.1:${ports.mongodb}/`,
    dataDir,
    logDir: join(dataDir, 'logs'),
    spansDir: join(dataDir, 'spans'),
  };
  await mkdir(platform.spansDir, { recursive: true });
  const infrastructure = [
    ...(env['NATS_URL'] === undefined ? [await natsServer(options, dataDir)] : []),
    ...(env['MONGODB_URL'] === undefined ? [mongowire(ports, dataDir)] : []),
  ];
  const present = infrastructure.map(({ name }) => name);
  const declaration = declareStreams(platform.natsUrl, natsCredsFile(platformUser, options.keys.nats.dir), present);
  const services = serviceNames.flatMap((service) =>
    ports.services[service].map((_ports, index) => serviceReplica(service, index, options, platform, present)),
  );
  return { ...platform, specs: [...infrastructure, declaration, ...services] };
}

/** The name of a replica: `billing-1` is the first. */
export function replicaName(service: ServiceName, index = 0): string {
  return `${service}-${index + 1}`;
}

async function natsServer({ ports, keys }: PlatformOptions, dataDir: string): Promise<ProcessSpec> {
  const configFile = join(dataDir, 'nats-server.conf');
  const config = await natsServerConfig({
    port: ports.nats,
    monitorPort: ports.natsMonitor,
    storeDir: join(dataDir, 'jetstream'),
    keys: keys.nats,
  });
  await writeFile(configFile, config);
  return {
    name: natsServerName,
    command: toolPaths['nats-server'],
    args: ['--config', configFile],
    ports: [ports.nats, ports.natsMonitor],
    health: { kind: 'http', url: `http://127.0.0.1:${ports.natsMonitor}/healthz` },
  };
}

function mongowire({ mongodb }: Ports, dataDir: string): ProcessSpec {
  return {
    name: mongowireName,
    command: toolPaths.mongowire,
    args: ['--listen', `127.0.0.1:${mongodb}`, '--data', join(dataDir, 'mongowire')],
    ports: [mongodb],
    health: { kind: 'probe', check: () => pingMongodb(`mongodb://127.0.0.1:${mongodb}/`) },
  };
}

async function pingMongodb(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000 });
  try {
    await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}

/** Declares streams and buckets with the one user that may, and ends. */
function declareStreams(natsUrl: string, credsFile: string, present: readonly string[]): ProcessSpec {
  return {
    name: declareName,
    command: process.execPath,
    args: [join(repoRoot, 'libs/bus/src/declare-main.ts')],
    env: { NATS_URL: natsUrl, NATS_CREDS_FILE: credsFile },
    dependsOn: present.filter((name) => name === natsServerName),
  };
}

function serviceReplica(
  service: ServiceName,
  index: number,
  options: PlatformOptions,
  platform: Omit<Platform, 'specs'>,
  present: readonly string[],
): ProcessSpec {
  const { ports, keys } = options;
  const name = replicaName(service, index);
  const { grpc, http } = ports.services[service][index] as { grpc: number; http: number };
  return {
    name,
    command: process.execPath,
    args: [join(repoRoot, `services/${service}/src/main.ts`)],
    env: {
      INSTANCE_NAME: name,
      NATS_URL: platform.natsUrl,
      NATS_CREDS_FILE: natsCredsFile(service, keys.nats.dir),
      MONGODB_URL: platform.mongodbUrl,
      MONGODB_DATABASE: `${options.databasePrefix ?? 'parley'}_${service.replaceAll('-', '_')}`,
      GRPC_PORT: String(grpc),
      HTTP_PORT: String(http),
      JWKS_FILE: keys.jwks,
      SPANS_FILE: join(platform.spansDir, `${name}.jsonl`),
      LOG_LEVEL: options.logLevel ?? 'info',
      ...ownVariables(service, options),
    },
    ports: [grpc, http],
    dependsOn: [...present, declareName],
    health: { kind: 'http', url: `http://127.0.0.1:${http}/readyz` },
  };
}

/** What single services read besides what all do. */
function ownVariables(service: ServiceName, { ports, keys, egressAllow = [] }: PlatformOptions): Record<string, string> {
  const demoServers = [ports.applicationServer, ports.webhookReceiver].flatMap((port) => [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
  ]);
  const egress = { EGRESS_ALLOW: [...demoServers, ...egressAllow].join(',') };
  switch (service) {
    case 'call-router':
      return {
        ...egress,
        SIGNING_KEY_FILE: keys.signingKey,
        BILLING_ADDRESS: ports.services.billing.map(({ grpc }) => `127.0.0.1:${grpc}`).join(','),
      };
    case 'event-router':
      return { ...egress, EVENT_CURSOR_KEY_FILE: keys.eventCursorKey };
    case 'subscription':
      return {
        ...egress, // a webhook's URL is checked when it is given, too
        ...downstreamVariables(keys.nats.dir),
        EVENT_CURSOR_KEY_FILE: keys.eventCursorKey, // subscriptions are rewound to cursors
      };
    case 'recognition':
    case 'billing':
      return {};
  }
}
