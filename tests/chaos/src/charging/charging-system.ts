import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePorts, replicaName } from '@parley/local';
import { startChaosPlatform, type ChaosPlatform } from '../chaos-platform.ts';
import type { ChargingOptions } from './charging-options.ts';

/** Broker, database and replicas of billing, each a process of its own. */
export interface ChargingSystem extends ChaosPlatform {
  readonly replicas: readonly string[];
  readonly grpcPorts: readonly number[];
  /** Of health and metrics. */
  readonly httpPorts: readonly number[];
  /** Name of billing's database. */
  readonly database: string;
  /** Stops billing and proves that all balances follow from the ledger. @returns what does not, a line each. */
  verifyLedger(): Promise<readonly string[]>;
}

const verifyMain = fileURLToPath(new URL('../../../../services/billing/src/verify/verify-main.ts', import.meta.url));

export async function startChargingSystem({ replicas, environment }: Pick<ChargingOptions, 'replicas' | 'environment'>, signal: AbortSignal): Promise<ChargingSystem> {
  const all = await freePorts({ replicas });
  const { billing } = all.services;
  const ports = { ...all, services: { 'call-router': [], recognition: [], billing, 'event-router': [], subscription: [] } };
  const databasePrefix = 'charging';
  const database = `${databasePrefix}_billing`;
  const platform = await startChaosPlatform({ name: 'charging', ports, databasePrefix, environment: { billing: environment }, ownDatabase: true, signal });
  const names = billing.map((_, index) => replicaName('billing', index));
  return {
    ...platform,
    replicas: names,
    grpcPorts: billing.map(({ grpc }) => grpc),
    httpPorts: billing.map(({ http }) => http),
    database,
    verifyLedger: async () => {
      await Promise.all(names.map((name) => platform.supervisor.stopOne(name)));
      const { code, text } = await run(verifyMain, { MONGODB_URL: platform.mongodbUrl, MONGODB_DATABASE: database });
      return code === 0 ? [] : text.split('\n').filter((line) => line !== '').map((line) => `verify: ${line.trim()}`);
    },
  };
}

async function run(file: string, variables: Readonly<Record<string, string>>): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}
