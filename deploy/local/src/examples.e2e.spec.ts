import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsCredsFile } from '../nats/nats-keys.ts';
import { type ExampleCommand, exampleCommands } from './example-commands.ts';
import { ensureKeys } from './keys.ts';
import { type Platform, describePlatform } from './platform.ts';
import { type Ports, freePorts } from './ports.ts';
import { silentProgress } from './progress.ts';
import { repoRoot } from './repo-paths.ts';
import { type Supervisor, startSupervisor } from './supervisor.ts';
import { ensureTools } from './tools.ts';

let dataDir: string;
let ports: Ports;
let platform: Platform;
let supervisor: Supervisor;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-examples-'));
  ports = await freePorts();
  await ensureTools();
  // The keys that `make token` signs with.
  platform = await describePlatform({ ports, keys: await ensureKeys(), dataDir, env: {} });
  supervisor = await startSupervisor(platform.specs, { logDir: platform.logDir, progress: silentProgress });
});
afterAll(async () => {
  await supervisor?.stop();
  await rm(dataDir, { recursive: true });
});

// What `make up` prints is pasted by people who have just begun.
test('each example command that `make up` prints works as pasted', async () => {
  const [token, ...examples] = exampleCommands(platform, ports);
  for (const example of examples) {
    const outcome = await paste(token as ExampleCommand, example);
    expect({ ...outcome, about: example.about }).toMatchObject({ about: example.about, worked: true });
  }
});

test('the recipe for NATS in docs/events.md works as pasted', async () => {
  const [token] = exampleCommands(platform, ports);
  const document = await readFile(join(repoRoot, 'docs/events.md'), 'utf8');
  const recipe = /```sh\n(.*?)```/s.exec(document)![1]!;
  const here = recipe.replaceAll('nats://127.0.0.1:4222', platform.natsUrl).replaceAll('127.0.0.1:7030', `127.0.0.1:${ports.services.subscription[0]?.grpc}`);
  expect(here).not.toBe(recipe);
  const [create, read] = [here.slice(0, here.indexOf('\nnats ')), here.slice(here.indexOf('\nnats '))];
  const platformNats = `nats --server ${platform.natsUrl} --creds ${natsCredsFile('platform')} --inbox-prefix _INBOX_platform`;
  const happens = `${platformNats} pub evt.call.00.acme 'something happened'`;
  const command = `export PATH="$PWD/.tools/bin:$PATH"; cd ${dataDir}; ${create}\n${happens}\n${read}`;
  const outcome = await paste(token as ExampleCommand, { about: '', command });
  expect(outcome).toEqual({ worked: true, output: expect.stringContaining('something happened') });
  expect(outcome.output).toContain('Acknowledged message');
});

/** Runs a command in a new shell behind the one that sets the token. One that is endless works when it prints something. */
async function paste(token: ExampleCommand, example: ExampleCommand): Promise<{ worked: boolean; output: string }> {
  const shell = spawn('bash', ['-c', `${token.command}\n${example.command}`], {
    cwd: repoRoot,
    env: { ...process.env, PATH: `${join(repoRoot, 'node_modules/.bin')}:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const { promise: printed, resolve: hasPrinted } = Promise.withResolvers<void>();
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      hasPrinted();
    });
  }
  const ended = new Promise<number | null>((resolve) => shell.on('close', resolve));
  if (example.endless !== true) {
    const exitCode = await ended;
    return { worked: exitCode === 0 && output !== '', output };
  }
  const endedAtOnce = await Promise.race([printed.then(() => false), ended.then(() => true)]);
  killGroup(shell);
  await ended;
  return { worked: !endedAtOnce && !/error|refused|unauth/i.test(output), output };
}

function killGroup(shell: ChildProcess): void {
  if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGKILL');
}
