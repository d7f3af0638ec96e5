import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import { ApplicationServiceClient, CallServiceClient } from '@parley/contracts';
import { createClient, type GrpcClient } from '@parley/grpc';
import { createScope } from '@parley/lifecycle';
import { eventually, serviceVariables, type TestParts } from '@parley/testing';
import { configDefinition } from '../config.ts';
import { start } from '../main.ts';
import { startBillingServer, type BillingServer } from './billing-server.ts';
import { connectDevice, type TestDevice } from './test-device.ts';

export interface RouterClients {
  readonly calls: GrpcClient<(typeof CallServiceClient)['service']>;
  readonly applications: GrpcClient<(typeof ApplicationServiceClient)['service']>;
}

export interface Router {
  readonly grpcPort: number;
  /** Clients of the API; by default of account acme with scope api. */
  clients(token?: string): Promise<RouterClients>;
  /** A device that is registered here. */
  device(address: string, accountId?: string): Promise<TestDevice>;
  stop(): Promise<void>;
}

export interface StartedRouter extends Router {
  readonly instance: string;
  readonly httpPort: number;
  readonly lost: Promise<void>;
}

export interface RouterProcess extends Router {
  readonly pid: number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface Routers {
  readonly billing: BillingServer;
  /** Starts one more replica in this process; what is still running is stopped after the spec. */
  start(variables?: Readonly<Record<string, string>>): Promise<StartedRouter>;
  /** Starts one more replica as a process of its own, to be killed. */
  startProcess(variables?: Readonly<Record<string, string>>): Promise<RouterProcess>;
}

/** Call it at the top of a spec: call routers with the service's own rights, beside a billing that does as it is told. */
export function testRouters(parts: TestParts): Routers {
  const running = new Set<Pick<Router, 'stop'>>();
  let billing: BillingServer | undefined;
  beforeAll(async () => {
    billing = await startBillingServer(parts.keys.verifier);
  });
  afterAll(async () => {
    await Promise.all([...running].map((router) => router.stop()));
    await billing?.stop();
  });
  const variablesOf = (variables: Readonly<Record<string, string>> = {}) => ({ ...environment(parts, billing!.port), ...variables });
  const tracked = <R extends Pick<Router, 'stop'>>(router: R): R => {
    running.add(router);
    return { ...router, stop: () => (running.delete(router) ? router.stop() : Promise.resolve()) };
  };
  return {
    get billing() {
      return billing!;
    },
    start: async (variables) => tracked(await startHere(parts, variablesOf(variables))),
    startProcess: async (variables) => tracked(await startThere(parts, variablesOf(variables))),
  };
}

async function startHere(parts: TestParts, variables: Readonly<Record<string, string>>): Promise<StartedRouter> {
  const scope = createScope();
  const lost = Promise.withResolvers<void>();
  const started = await start(scope, configDefinition.read(variables), lost.resolve);
  const access = accessTo(parts, started.grpcPort);
  return {
    ...started,
    ...access,
    lost: lost.promise,
    stop: async () => {
      await scope.stop();
      access.close();
    },
  };
}

async function startThere(parts: TestParts, variables: Readonly<Record<string, string>>): Promise<RouterProcess> {
  const grpcPort = await freePort();
  const env = { ...process.env, ...variables, GRPC_PORT: String(grpcPort), NODE_OPTIONS: '' };
  const child = spawn(process.execPath, [new URL('../main.ts', import.meta.url).pathname], { env, stdio: 'inherit' });
  const access = accessTo(parts, grpcPort);
  await untilServing(child, `127.0.0.1:${grpcPort}`, await parts.keys.token());
  const kill = (signal: NodeJS.Signals) => killed(child, signal);
  return {
    grpcPort,
    ...access,
    pid: child.pid!,
    kill,
    stop: async () => {
      access.close();
      await kill('SIGKILL');
    },
  };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilServing(child: ChildProcess, address: string, token: string): Promise<void> {
  const client = createClient(CallServiceClient, { address, token, waitForReady: false, deadlineMs: 2_000 });
  try {
    await eventually(
      async () => {
        if (child.exitCode !== null) return;
        const code = await client.getCall({ callId: 'none' }).then(() => 'answered', (error: { code?: string }) => error.code);
        if (code !== 'not_found.call') throw new Error(`the router does not serve: ${code}`);
      },
      { timeoutMs: 40_000 },
    );
  } finally {
    client.close();
  }
  if (child.exitCode !== null) throw new Error(`the router ended with exit code ${child.exitCode}`);
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  if (signal === 'SIGKILL' || signal === 'SIGTERM') await exited;
}

function accessTo({ keys }: TestParts, grpcPort: number): Pick<Router, 'clients' | 'device'> & { close(): void } {
  const address = `127.0.0.1:${grpcPort}`;
  const closers: (() => void)[] = [];
  return {
    clients: async (given) => {
      const token = given ?? (await keys.token());
      const clients = { calls: createClient(CallServiceClient, { address, token }), applications: createClient(ApplicationServiceClient, { address, token }) };
      closers.push(() => [clients.calls, clients.applications].forEach((client) => client.close()));
      return clients;
    },
    device: async (subject, accountId = 'acme') => {
      const device = await connectDevice(address, await keys.token({ accountId, subject, scope: 'device' }));
      closers.push(() => device.close());
      return device;
    },
    close: () => closers.forEach((close) => close()),
  };
}

function environment(parts: TestParts, billingPort: number): Record<string, string> {
  return {
    ...serviceVariables('call-router', parts),
    SIGNING_KEY_FILE: parts.keys.keyFile,
    BILLING_ADDRESS: `127.0.0.1:${billingPort}`,
    LEASE_RENEW_MS: '100',
    DEAD_AFTER_RENEWALS: '5',
    DRAIN_MS: '100',
  };
}
