import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { eventually } from './index.ts';

const node = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
const watch = fileURLToPath(new URL('./parent-watch.ts', import.meta.url));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A parent that starts a `sleep`, watches it, prints its pid, and then does what `mode` says. */
const program = (mode: string): string => `
  import { spawn } from 'node:child_process';
  import { endWithThisProcess } from ${JSON.stringify(watch)};
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const end = endWithThisProcess(child.pid);
  if (${JSON.stringify(mode)} === 'ended') end();
  process.stdout.write(String(child.pid) + '\\n');
  setInterval(() => undefined, 60_000);
`;

async function startParent(mode: string): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const parent = spawn(node, ['--input-type=module', '-e', program(mode)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  return {
    pid: Number(line.toString()),
    async kill() {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    },
  };
}

test('a process that is watched ends with its parent, even one that was killed', async () => {
  const parent = await startParent('watched');
  expect(isAlive(parent.pid)).toBe(true);
  await parent.kill();
  await eventually(() => expect(isAlive(parent.pid)).toBe(false));
});

test('one that is not watched any more goes on', async () => {
  const parent = await startParent('ended');
  await parent.kill();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isAlive(parent.pid)).toBe(true);
  process.kill(parent.pid, 'SIGKILL');
});
