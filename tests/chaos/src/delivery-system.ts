import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBus, eventStreams } from '@parley/bus';
import { describePlatform, ensureKeys, ensureTools, freePorts, mintToken, natsCredsFile, natsKeysDir, silentProgress, startSupervisor, type ProcessSpec, type Supervisor } from '@parley/local';
import { startBalancer } from './balancer.ts';

/** Broker, database, subscription service and event-routers, each a process of its own, and what stands in front of them. */
export interface DeliverySystem {
  readonly supervisor: Supervisor;
  readonly natsUrl: string;
  /** Of the balancers in front of the event-routers. */
  readonly ports: { readonly grpc: number; readonly http: number };
  readonly subscriptionPort: number;
  readonly webhookPort: number;
  /** Where the logs of the processes are; kept where that is asked for when it stops. */
  readonly logDir: string;
  token(accountId: string): Promise<string>;
  stop(options?: { readonly keepLogs: boolean }): Promise<void>;
}

export interface DeliverySystemOptions {
  readonly replicas: number;
  /** Gives the start up when aborted. */
  readonly signal?: AbortSignal;
}

/** Quicker than by default where a run would only wait; leases, and all else, are as they are. */
const routerEnvironment = {
  HEARTBEAT_MS: '1000',
  CLIENT_STALL_MS: '4000',
  WEBHOOK_TIMEOUT_MS: '2000',
  // No delivery is given up: endpoints are away for seconds.
  WEBHOOK_SCHEDULE: `0s${',500ms'.repeat(200)}`,
  // They are well again sooner than the longest pause by default is over.
  WEBHOOK_CIRCUIT_PAUSES: '500ms,1s,2s',
  DRAIN_MS: '1000',
};
/** So short that the broker knows hardly any repeat for one, and each is stored and delivered. */
const duplicateWindowNs = 100_000_000;

export async function startDeliverySystem({ replicas, signal }: DeliverySystemOptions): Promise<DeliverySystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-delivery-'));
  const all = await freePorts({ replicas });
  const { 'event-router': routers, subscription } = all.services;
  const ports = { ...all, services: { 'call-router': [], recognition: [], billing: [], 'event-router': routers, subscription: subscription.slice(0, 1) } };
  await ensureTools({ progress: silentProgress });
  const keys = await ensureKeys(join(dataDir, 'keys'), natsKeysDir);
  // A broker of its own, as it is killed; the database of MONGODB_URL, where that is set, is shared with other runs.
  const { NATS_URL: _, ...env } = process.env;
  const platform = await describePlatform({ ports, keys, dataDir, env, databasePrefix: `delivery_${Date.now().toString(36)}`, logLevel: 'warn' });
  const balancers = { grpc: await startBalancer(routers.map(({ grpc }) => grpc)), http: await startBalancer(routers.map(({ http }) => http)) };
  const closeBalancers = () => Promise.all([balancers.grpc.close(), balancers.http.close()]);
  // What verification tokens are made for is where clients come in.
  const ofRouters = { ...routerEnvironment, EVENT_STREAM_URL: `http://127.0.0.1:${balancers.http.port}/v1/events` };
  const specs = platform.specs.map((spec) => (spec.name.startsWith('event-router') ? withEnvironment(spec, ofRouters) : spec));
  const supervisor = await startSupervisor(specs, { logDir: platform.logDir, progress: silentProgress, ...(signal === undefined ? {} : { signal }) }).catch(async (error: unknown) => {
    await closeBalancers();
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  await shortenDuplicateWindows(platform.natsUrl);
  return {
    supervisor,
    natsUrl: platform.natsUrl,
    ports: { grpc: balancers.grpc.port, http: balancers.http.port },
    subscriptionPort: subscription[0]!.grpc,
    webhookPort: ports.webhookReceiver,
    logDir: platform.logDir,
    token: (account) => mintToken({ account, sub: 'service:test', scope: 'api' }, keys),
    stop: async ({ keepLogs } = { keepLogs: false }) => {
      await closeBalancers();
      await supervisor.stop();
      const remains = keepLogs ? ['jetstream', 'mongowire', 'keys', 'spans'] : [''];
      await Promise.all(remains.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
    },
  };
}

function withEnvironment(spec: ProcessSpec, more: Readonly<Record<string, string>>): ProcessSpec {
  return { ...spec, env: { ...spec.env, ...more } };
}

async function shortenDuplicateWindows(url: string): Promise<void> {
  const bus = await connectBus({ url, credsFile: natsCredsFile('platform'), name: 'delivery test' });
  for (const stream of Object.values(eventStreams)) await bus.jsm.streams.update(stream, { duplicate_window: duplicateWindowNs });
  await bus.close();
}
