import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureNatsKeys } from '../nats/nats-keys.ts';
import { natsServerConfig } from '../nats/server-config.ts';
import { type Child, type ChildOptions, describeExit, logTail, startChild } from './child.ts';
import { SetupError } from './setup-error.ts';
import { ensureTools } from './tools.ts';

/** A server that one test run has for itself, on a free port of loopback. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server as `kill -9` would and keeps its data; a server started on the same folder finds it. */
  kill(): Promise<void>;
  /** Stops the server and, unless the folder was given, removes its data. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** Folder for the data; a temporary one by default. */
  readonly dataDir?: string;
  /** Port of loopback; a free one by default, chosen by the server itself. */
  readonly port?: number;
}

export interface TestNatsOptions extends TestServerOptions {
  /** Further lines of configuration. */
  readonly extraConfig?: string;
}

/**
 * Starts a nats-server with Parley's users and permissions and no streams; `natsLogin(user)` says how to log in,
 * with this machine's keys. * Ready for connections when it returns.
 */
export async function startNats(options: TestNatsOptions = {}): Promise<TestServer> {
  const { 'nats-server': command } = await ensureTools({ only: ['nats-server'] });
  return startServer('nats-server', options, async (dir) => {
    const configFile = join(dir, 'nats-server.conf');
    const keys = await ensureNatsKeys();
    const config = await natsServerConfig({ port: options.port ?? -1, storeDir: join(dir, 'jetstream'), keys });
    await writeFile(configFile, `${config}${options.extraConfig ?? ''}\n`);
    return {
      program: { command, args: ['--config', configFile, '--ports_file_dir', dir] },
      readUrl: (pid) => portsFileUrl(dir, pid),
    };
  });
}

/** Starts a MongoDB-wire database (mongowire). Ready for connections when it returns. */
export async function startMongowire(options: TestServerOptions = {}): Promise<TestServer> {
  const { mongowire: command } = await ensureTools({ only: ['mongowire'] });
  return startServer('mongowire', options, async (dir, logFile) => ({
    program: {
      command,
      args: ['--listen', `127.0.0.1:${options.port ?? 0}`, '--data', join(dir, 'mongowire')],
    },
    readUrl: async () => /ready on (\S+),/.exec(await readFile(logFile, 'utf8'))?.[1],
  }));
}

interface Launch {
  readonly program: Pick<ChildOptions, 'command' | 'args'>;
  /** The address at which the server is ready, or undefined while it is not. */
  readonly readUrl: (pid: number) => Promise<string | undefined>;
}

async function startServer(
  name: string,
  { dataDir }: TestServerOptions,
  prepare: (dir: string, logFile: string) => Promise<Launch>,
): Promise<TestServer> {
  const dir = dataDir ?? (await mkdtemp(join(tmpdir(), `parley-${name}-`)));
  await mkdir(dir, { recursive: true });
  const logFile = join(dir, `${name}.log`);
  const { program, readUrl } = await prepare(dir, logFile);
  const child = await startChild({ ...program, logFile });
  const url = await ready(name, child, logFile, readUrl);
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    async kill() {
      child.signal('SIGKILL');
      await child.exited;
    },
    async stop() {
      await child.stop();
      if (dataDir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

const pollMs = 10;
const readyTimeoutMs = 30_000;

async function ready(name: string, child: Child, logFile: string, readUrl: Launch['readUrl']): Promise<string> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  while (child.ended() === undefined && performance.now() < deadlineMs) {
    const url = await readUrl(child.pid);
    if (url !== undefined) return url;
    await sleep(pollMs);
  }
  const ended = child.ended();
  await child.stop();
  throw new SetupError(
    `${name} ${ended === undefined ? 'was not ready in time' : describeExit(ended)}. ` +
      `Its last messages:\n${await logTail(logFile)}`,
  );
}

/** nats-server writes the ports that it listens on once it does, to a file that is named after its process. */
async function portsFileUrl(dir: string, pid: number): Promise<string | undefined> {
  const name = (await readdir(dir)).find((file) => file.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  const text = await readFile(join(dir, name), 'utf8');
  return text === '' ? undefined : (JSON.parse(text) as { nats: string[] }).nats[0];
}
