import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './ports.ts';
import type { ProcessSpec } from './process-spec.ts';
import type { Progress } from './progress.ts';
import { type Supervisor, type SupervisorOptions, startSupervisor } from './supervisor.ts';

let dir: string;
let running: Supervisor | undefined;
let said: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-supervisor-'));
  said = [];
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await rm(dir, { recursive: true });
});

const start = async (specs: readonly ProcessSpec[], options: Partial<SupervisorOptions> = {}) => {
  const progress: Progress = {
    say: (line) => void said.push(line),
    step: (_label, work) => work(() => undefined),
  };
  running = await startSupervisor(specs, { logDir: join(dir, 'logs'), progress, ...options });
  return running;
};
const log = (name: string) => readFile(join(dir, 'logs', `${name}.log`), 'utf8');
const journal = () => readFile(join(dir, 'journal'), 'utf8').then((text) => text.trimEnd().split('\n'));

/** A Node program that notes in a journal when it starts and when it is told to stop, and serves HTTP in between. */
const server = (name: string, port: number, more: Partial<ProcessSpec> = {}, script = ''): ProcessSpec => ({
  name,
  command: process.execPath,
  args: [
    '-e',
    `const note = (text) => require('fs').appendFileSync(process.env.JOURNAL, process.env.NAME + ' ' + text + '\\n');
     note('starts');
     process.on('SIGTERM', () => { note('stops'); process.exit(0); });
     require('http').createServer((request, response) => response.end('ok')).listen(${port}, '127.0.0.1');
     console.log('hello from ' + process.env.NAME);
     ${script}`,
  ],
  env: { NAME: name, JOURNAL: join(dir, 'journal') },
  ports: [port],
  health: { kind: 'http', url: `http://127.0.0.1:${port}/` },
  ...more,
});

/** A program that does one thing and ends. */
const step = (name: string, dependsOn: readonly string[]): ProcessSpec => ({
  name,
  command: process.execPath,
  args: ['-e', `require('fs').appendFileSync(process.env.JOURNAL, '${name} ends\\n')`],
  env: { JOURNAL: join(dir, 'journal') },
  dependsOn,
});

describe('order', () => {
  test('starts each after what it depends on and stops in the reverse order; one log file each', async () => {
    const { nats, mongodb, natsMonitor } = await freePorts();
    const supervisor = await start([
      server('last', nats, { dependsOn: ['once'] }),
      step('once', ['first']),
      server('first', mongodb),
      server('beside', natsMonitor, { dependsOn: ['first'] }),
    ]);

    const starts = await journal();
    expect(starts[0]).toBe('first starts');
    expect(starts.indexOf('last starts')).toBeGreaterThan(starts.indexOf('once ends'));
    expect(await log('last')).toBe('hello from last\n');

    await supervisor.stop();
    const stops = (await journal()).slice(starts.length);
    expect(stops).toHaveLength(3);
    expect(stops.at(-1)).toBe('first stops');
  });

  test('refuses processes that wait for each other or for nobody', async () => {
    await expect(
      start([server('a', 1, { dependsOn: ['b'] }), server('b', 2, { dependsOn: ['a'] })]),
    ).rejects.toThrow('processes wait for each other: a → b → a');
    await expect(start([server('a', 1, { dependsOn: ['c'] })])).rejects.toThrow('a depends on c, which is not there');
    await expect(start([server('a', 1), server('a', 2)])).rejects.toThrow('two processes are called a');
  });
});

describe('a process that dies', () => {
  test('is started again after kill -9, under another process id, and its log goes on', async () => {
    const { nats } = await freePorts();
    const supervisor = await start([server('service', nats)]);
    const before = supervisor.pid('service');

    for (const turn of [1, 2]) {
      await supervisor.signal('service', 'SIGKILL');
      await supervisor.ready('service');
      expect(supervisor.restarts('service')).toBe(turn);
    }

    expect(supervisor.pid('service')).not.toBe(before);
    expect(await (await fetch(`http://127.0.0.1:${nats}/`)).text()).toBe('ok');
    expect(await log('service')).toBe('hello from service\n'.repeat(3));
    expect(said).toEqual([
      expect.stringContaining('service was ended by SIGKILL; starting it again in 100 ms'),
      expect.stringContaining('service was ended by SIGKILL; starting it again in 200 ms'),
    ]);
  });

  test('is waited for on and on while it dies before it is ready', async () => {
    const { nats } = await freePorts();
    const supervisor = await start([server('service', nats)]);
    await supervisor.signal('service', 'SIGKILL');
    const ready = supervisor.ready('service');
    const before = supervisor.pid('service');
    while (supervisor.pid('service') === before) await sleep(5);
    await supervisor.signal('service', 'SIGKILL');
    await ready;
    expect(supervisor.restarts('service')).toBe(2);
    expect((await fetch(`http://127.0.0.1:${nats}/`)).ok).toBe(true);
  });

  test('stays dead when that was asked for', async () => {
    const { nats } = await freePorts();
    const supervisor = await start([server('service', nats, { restart: false })]);
    await supervisor.signal('service', 'SIGKILL');
    await expect(supervisor.ready('service')).rejects.toThrow('service was ended by SIGKILL and is not started again');
    expect(supervisor.restarts('service')).toBe(0);
  });

  test('can be stopped for good while it is being started again', async () => {
    const { nats } = await freePorts();
    const supervisor = await start([server('service', nats)]);
    await supervisor.signal('service', 'SIGKILL');
    await supervisor.stop();
    expect(await journal()).toEqual(['service starts']);
  });
});

describe('a start that fails', () => {
  test('names the process, how it ended, and shows the end of its log; the others are stopped', async () => {
    const { nats, mongodb } = await freePorts();
    const broken = server('broken', nats, { dependsOn: ['fine'] }, "console.error('no such setting: COLOUR'); process.exit(3)");

    await expect(start([server('fine', mongodb), broken])).rejects.toThrow(
      /^broken ended with exit code 3 before it was ready\. The end of .*broken\.log:\nhello from broken\nno such setting: COLOUR$/,
    );
    expect((await journal()).at(-1)).toBe('fine stops');
  });

  test('says what a process that does not become ready answers', async () => {
    const { nats } = await freePorts();
    const health = { kind: 'probe', check: () => Promise.reject(new Error('still warming up')) } as const;
    await expect(start([server('slow', nats, { health })], { readyTimeoutMs: 300 })).rejects.toThrow(
      'slow was not ready after 0.3 s (still warming up)',
    );
  });

  test('says that a program is not there', async () => {
    await expect(
      start([{ name: 'ghost', command: join(dir, 'no-such-program'), args: [], health: { kind: 'tcp', port: 1 } }]),
    ).rejects.toThrow(/^ghost .*ENOENT/);
  });

  test('is the end of a step that fails', async () => {
    await expect(
      start([{ name: 'once', command: process.execPath, args: ['-e', "console.error('no'); process.exit(1)"] }]),
    ).rejects.toThrow(/^once ended with exit code 1\. The end of .*:\nno$/);
  });

  test('names a busy port, who wanted it, and how to move; nothing was started', async () => {
    const { nats, mongodb } = await freePorts();
    const occupant = createServer().listen(nats, '127.0.0.1');
    await new Promise((resolve) => occupant.once('listening', resolve));
    try {
      await expect(start([server('first', mongodb), server('broker', nats)])).rejects.toThrow(
        new RegExp(`port ${nats}, which broker needs, is in use on this machine.*\\n.*PARLEY_PORT_OFFSET=1000`),
      );
    } finally {
      await new Promise((resolve) => occupant.close(resolve));
    }
    await expect(journal()).rejects.toThrow('ENOENT');
  });

  test('can be given up', async () => {
    const { nats, mongodb } = await freePorts();
    const giveUp = new AbortController();
    const check = () => {
      giveUp.abort();
      return Promise.reject(new Error('never'));
    };
    await expect(
      start([server('fine', mongodb), server('slow', nats, { dependsOn: ['fine'], health: { kind: 'probe', check } })], {
        signal: giveUp.signal,
      }),
    ).rejects.toThrow('interrupted');
    expect((await journal()).at(-1)).toBe('fine stops');
  });
});

test('a process that ignores being asked to stop is made to', async () => {
  const { nats } = await freePorts();
  const deaf = "process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => note('ignores'));";
  const supervisor = await start([server('deaf', nats, {}, deaf)], { stopTimeoutMs: 200 });
  const pid = supervisor.pid('deaf') as number;
  await supervisor.stop();
  expect((await journal()).at(-1)).toBe('deaf ignores');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
