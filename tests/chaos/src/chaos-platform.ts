import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBus, eventStreams } from '@parley/bus';
import { createServiceTokens, createSigner } from '@parley/grpc';
import { describePlatform, ensureKeys, ensureTools, mintToken, natsCredsFile, natsKeysDir, silentProgress, startSupervisor, type Ports, type ProcessSpec, type ServiceName, type Supervisor } from '@parley/local';

/** Broker, database and services, each a process of its own, on free ports and in a temporary folder. */
export interface ChaosPlatform {
  readonly supervisor: Supervisor;
  readonly natsUrl: string;
  readonly mongodbUrl: string;
  /** Where the logs of the processes are; kept where that is asked for when it stops. */
  readonly logDir: string;
  /** Of scope `api`. */
  token(accountId: string): Promise<string>;
  /** As the services ask each other with. */
  serviceToken(accountId: string): Promise<string>;
  stop(options?: { readonly keepLogs: boolean }): Promise<void>;
}

export interface ChaosPlatformOptions {
  /** Part of the names of folder and databases. */
  readonly name: string;
  /** A service without ports is not started. */
  readonly ports: Ports;
  readonly databasePrefix: string;
  /** What services read besides what all do. */
  readonly environment: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
  /** Whether the database is one of its own even where MONGODB_URL names one, which is shared with other runs. */
  readonly ownDatabase: boolean;
  /** Gives the start up when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** So short that the broker knows hardly any repeat for one, and each is stored and delivered. */
const duplicateWindowNs = 100_000_000;

export async function startChaosPlatform({ name, ports, databasePrefix, environment, ownDatabase, signal }: ChaosPlatformOptions): Promise<ChaosPlatform> {
  const dataDir = await mkdtemp(join(tmpdir(), `parley-${name}-`));
  await ensureTools({ progress: silentProgress });
  const keys = await ensureKeys(join(dataDir, 'keys'), natsKeysDir);
  // A broker of its own, as it is killed.
  const { NATS_URL: _, MONGODB_URL, ...others } = process.env;
  const env = ownDatabase || MONGODB_URL === undefined ? others : { ...others, MONGODB_URL };
  const platform = await describePlatform({ ports, keys, dataDir, env, databasePrefix, logLevel: 'warn' });
  const specs = platform.specs.map((spec) => withEnvironment(spec, environment));
  const supervisor = await startSupervisor(specs, { logDir: platform.logDir, progress: silentProgress, ...(signal === undefined ? {} : { signal }) }).catch(async (error: unknown) => {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  await shortenDuplicateWindows(platform.natsUrl);
  return {
    supervisor,
    natsUrl: platform.natsUrl,
    mongodbUrl: platform.mongodbUrl,
    logDir: platform.logDir,
    token: (account) => mintToken({ account, sub: 'service:test', scope: 'api' }, keys),
    serviceToken: createServiceTokens(await createSigner({ keyFile: keys.signingKey }), 'test'),
    stop: async ({ keepLogs } = { keepLogs: false }) => {
      await supervisor.stop();
      const remains = keepLogs ? ['jetstream', 'mongowire', 'keys', 'spans'] : [''];
      await Promise.all(remains.map((part) => rm(join(dataDir, part), { recursive: true, force: true })));
    },
  };
}

/** Replicas are called after their service. */
function withEnvironment(spec: ProcessSpec, environment: ChaosPlatformOptions['environment']): ProcessSpec {
  const more = environment[spec.name.replace(/-\d+$/, '') as ServiceName];
  return more === undefined ? spec : { ...spec, env: { ...spec.env, ...more } };
}

async function shortenDuplicateWindows(url: string): Promise<void> {
  const bus = await connectBus({ url, credsFile: natsCredsFile('platform'), name: 'chaos' });
  for (const stream of Object.values(eventStreams)) await bus.jsm.streams.update(stream, { duplicate_window: duplicateWindowNs });
  await bus.close();
}
