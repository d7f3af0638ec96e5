import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, type Signer } from '@parley/grpc';
import { describePlatform, ensureKeys, ensureTools, freePorts, natsKeysDir, replicaName, startSupervisor } from '@parley/local';

/** What of a Parley recognises, as `make up` starts it, in processes of its own. */
export interface LoadSystem {
  readonly address: string;
  readonly signer: Signer;
  /** Resident memory of the service's process, in MB. */
  readonly residentMb: () => Promise<number>;
  stop(): Promise<void>;
}

const parts = new Set(['nats-server', 'mongowire', 'declare-streams', replicaName('recognition')]);

/** @param maxStreams more are refused */
export async function startLoadSystem(maxStreams: number): Promise<LoadSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const ports = await freePorts();
  await ensureTools();
  const keys = await ensureKeys(join(dataDir, 'keys'), natsKeysDir);
  const platform = await describePlatform({ ports, keys, dataDir, databasePrefix: `bench_${Date.now().toString(36)}`, logLevel: 'warn' });
  const specs = platform.specs.filter(({ name }) => parts.has(name)).map((spec) => ({ ...spec, env: measuredEnv(spec.env, maxStreams) }));
  const supervisor = await startSupervisor(specs, { logDir: platform.logDir });
  const pid = supervisor.pid(replicaName('recognition'))!;
  return {
    address: `127.0.0.1:${ports.services.recognition[0]!.grpc}`,
    signer: await createSigner({ keyFile: keys.signingKey }),
    residentMb: async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024,
    stop: async () => {
      await supervisor.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** As it is run where it matters: spans are not written to the disk of the broker. */
function measuredEnv(env: Readonly<Record<string, string>> = {}, maxStreams: number): Record<string, string> {
  const { SPANS_FILE: _none, ...rest } = env;
  return { ...rest, MAX_STREAMS: String(maxStreams), MAX_STREAMS_PER_ACCOUNT: String(maxStreams), FACE_THREADS: '1' };
}
