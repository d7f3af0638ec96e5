import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@parley/bus';
import { EventServiceClient, StreamEventsRequest, SubscriptionServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { describePlatform, ensureKeys, ensureTools, freePorts, mintToken, natsKeysDir, replicaName, startSupervisor } from '@parley/local';
import { accountId, connectPlatform } from './bench-events.ts';

/** What of a Parley delivers events, as `make up` starts it, in processes of its own. */
export interface DeliverySystem {
  readonly natsUrl: string;
  readonly grpcAddress: string;
  readonly httpPort: number;
  readonly token: string;
  readonly bus: Bus;
  readonly subscriptions: GrpcClient<(typeof SubscriptionServiceClient)['service']>;
  /** Where a receiver of webhooks may listen. */
  readonly receiverPort: number;
  readonly webhookConcurrency: number;
  /** A cursor for `call.*` that stands after all that happened so far. */
  readonly cursorNow: () => Promise<string>;
  /** Of the event-router's process. */
  readonly routerPid: number;
  /** What is published meanwhile waits for it. */
  whileRouterIsPaused(work: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

const webhookConcurrency = 32;
const parts = new Set(['nats-server', 'mongowire', 'declare-streams', replicaName('event-router'), replicaName('subscription')]);

export async function startDeliverySystem(): Promise<DeliverySystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const ports = await freePorts();
  await ensureTools();
  const keys = await ensureKeys(join(dataDir, 'keys'), natsKeysDir);
  const platform = await describePlatform({ ports, keys, dataDir, databasePrefix: `bench_${Date.now().toString(36)}`, logLevel: 'warn' });
  const specs = platform.specs
    .filter(({ name }) => parts.has(name))
    .map((spec) => ({ ...spec, env: measuredEnv(spec.env) }));
  const supervisor = await startSupervisor(specs, { logDir: platform.logDir });
  const { grpc, http } = ports.services['event-router'][0]!;
  const token = await mintToken({ account: accountId, sub: 'service:bench', scope: 'api' }, keys);
  const bus = await connectPlatform(platform.natsUrl);
  const address = `127.0.0.1:${grpc}`;
  const subscriptions = createClient(SubscriptionServiceClient, { address: `127.0.0.1:${ports.services.subscription[0]!.grpc}`, token });
  const routerPid = supervisor.pid(replicaName('event-router'))!;
  return {
    natsUrl: platform.natsUrl,
    grpcAddress: address,
    httpPort: http,
    token,
    bus,
    subscriptions,
    receiverPort: ports.webhookReceiver,
    webhookConcurrency,
    cursorNow: () => firstCursor(address, token),
    routerPid,
    whileRouterIsPaused: async (work) => {
      process.kill(routerPid, 'SIGSTOP');
      try {
        await work();
      } finally {
        process.kill(routerPid, 'SIGCONT');
      }
    },
    stop: async () => {
      subscriptions.close();
      await bus.close();
      await supervisor.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** As it is run where it matters: spans are not written to the disk of the broker. */
function measuredEnv(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { SPANS_FILE: _none, ...rest } = env;
  return { ...rest, WEBHOOK_CONCURRENCY: String(webhookConcurrency) };
}

async function firstCursor(address: string, token: string): Promise<string> {
  const client = createClient(EventServiceClient, { address, token });
  try {
    const stream = await client.streamEvents(StreamEventsRequest.fromPartial({ filter: { types: ['call.*'] } }));
    for await (const { cursor } of stream) {
      stream.cancel();
      return cursor;
    }
    throw new Error('the stream ended before its first cursor');
  } finally {
    client.close();
  }
}
