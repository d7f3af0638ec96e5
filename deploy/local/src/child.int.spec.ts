import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startChild } from './child.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-child-'));
});
afterEach(() => rm(dir, { recursive: true }));

const idle = 'setInterval(() => undefined, 1000)';

test.each([
  ['is killed', 'process.kill(process.pid, "SIGKILL")'],
  ['exits', 'process.exit(0)'],
  ['fails', 'throw new Error("unexpected")'],
])('children end when the process that started them %s', async (_how, ending) => {
  const childModule = JSON.stringify(new URL('child.ts', import.meta.url).href);
  const parent = join(dir, 'parent.ts');
  await writeFile(
    parent,
    `import { writeFileSync } from 'node:fs';
     import { startChild } from ${childModule};
     const start = (name) => startChild({ command: process.execPath, args: ['-e', ${JSON.stringify(idle)}], logFile: name + '.log' });
     const stopped = await start('a');
     const children = [await start('b'), await start('c')];
     await stopped.stop();
     writeFileSync('pids', children.map((child) => child.pid).join(' '));
     ${ending}`,
  );

  await promisify(execFile)(process.execPath, [parent], { cwd: dir }).catch(() => undefined);

  const pids = (await readFile(join(dir, 'pids'), 'utf8')).split(' ').map(Number);
  expect(pids).toHaveLength(2);
  for (let attempt = 0; attempt < 1000 && pids.some(isRunning); attempt++) await sleep(10);
  expect(pids.filter(isRunning)).toEqual([]);
});

test('a child says how it ended, and its log has all that it printed', async () => {
  const logFile = join(dir, 'log');
  const child = await startChild({
    command: process.execPath,
    args: ['-e', "console.log('out'); console.error('err'); process.exitCode = Number(process.env.CODE)"],
    env: { CODE: '7' },
    logFile,
  });
  expect(await child.exited).toEqual({ code: 7, signal: null });
  expect(child.ended()).toEqual({ code: 7, signal: null });
  expect(await readFile(logFile, 'utf8')).toBe('out\nerr\n');
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
