import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from './progress.ts';

const pollMs = 250;

/**
 * Runs `work` while no other process does the same, so that two commands that are started together do not build
 * everything twice. The lock of a process that has died is taken over. It saves work and is no more than that: a build
 * is correct without it.
 */
export async function withBuildLock<T>(path: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  if (!(await tryLock(path))) {
    await progress.step('waiting for another process that builds the tools', async () => {
      while (!(await tryLock(path))) await sleep(pollMs);
    });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  if (holder === 0 || !isAlive(holder)) await rm(path, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
