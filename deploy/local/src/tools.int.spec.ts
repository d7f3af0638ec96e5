import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkGo, compareVersions } from './go-toolchain.ts';
import { type Progress, silentProgress } from './progress.ts';
import type { Tool } from './tool-list.ts';
import { ensureBuilt } from './tools.ts';

let dir: string;
let tool: Tool;
const path = process.env['PATH'];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-tools-'));
  tool = { name: 'greeter', moduleDir: join(dir, 'greeter'), package: '.' };
  await writeModule(tool.moduleDir, 'greeter', mainPrinting('"hello"'));
});
afterEach(async () => {
  process.env['PATH'] = path;
  await rm(dir, { recursive: true });
});

const root = () => join(dir, 'out');
const binary = () => join(root(), 'bin', 'greeter');
const run = async () => (await promisify(execFile)(binary())).stdout;
const hideGo = () => {
  process.env['PATH'] = dir;
};

describe('a tool', () => {
  test('is built once; after that nothing is started, not even Go', async () => {
    await ensureBuilt([tool], root(), silentProgress);
    expect(await run()).toBe('hello\n');
    hideGo();
    await ensureBuilt([tool], root(), silentProgress);
    expect((await readdir(join(root(), 'bin'))).toSorted()).toEqual(['greeter', 'greeter.stamp']);
  });

  test('is built again when its sources changed, when its binary is gone, and not when its tests changed', async () => {
    await ensureBuilt([tool], root(), silentProgress);
    await writeFile(join(tool.moduleDir, 'main.go'), mainPrinting('"good evening"'));
    await ensureBuilt([tool], root(), silentProgress);
    expect(await run()).toBe('good evening\n');

    await rm(binary());
    await ensureBuilt([tool], root(), silentProgress);
    const builtAt = (await stat(binary())).mtimeMs;

    await writeFile(join(tool.moduleDir, 'main_test.go'), 'package main\n');
    await ensureBuilt([tool], root(), silentProgress);
    expect((await stat(binary())).mtimeMs).toBe(builtAt);
  });

  test('that does not build is named with what Go says, and leaves nothing behind', async () => {
    await writeFile(join(tool.moduleDir, 'main.go'), mainPrinting('undefinedName'));
    await expect(ensureBuilt([tool], root(), silentProgress)).rejects.toThrow(/go build .* failed in [^]*undefined: undefinedName/);
    expect(await readdir(join(root(), 'bin'))).toEqual([]);
  });

  test('is built by one of two that want it at the same time', async () => {
    const steps: string[] = [];
    const progress: Progress = { say: () => undefined, step: (label, work) => (steps.push(label), work(() => undefined)) };
    await Promise.all([ensureBuilt([tool], root(), progress), ensureBuilt([tool], root(), progress)]);
    expect(steps.toSorted()).toEqual(['building greeter (1 of 1)', 'waiting for another process that builds the tools']);
  });

  test('is built although a process that was building it was killed', async () => {
    await mkdir(root(), { recursive: true });
    const { pid } = await promisify(execFile)(process.execPath, ['-p', 'process.pid']).then(({ stdout }) => ({ pid: stdout.trim() }));
    await writeFile(join(root(), 'build.lock'), pid);
    await ensureBuilt([tool], root(), silentProgress);
    expect(await run()).toBe('hello\n');
  });
});

describe('what is missing is said', () => {
  test('no Go', async () => {
    hideGo();
    await expect(ensureBuilt([tool], root(), silentProgress)).rejects.toThrow(/^Go is missing[^]*https:\/\/go\.dev\/dl/);
  });

  test('a Go that is too old, with the version that is needed', async () => {
    await writeFile(join(tool.moduleDir, 'go.mod'), 'module greeter\n\ngo 1.20\n');
    const newer = join(dir, 'newer');
    await writeModule(newer, 'newer', mainPrinting('"from the future"'));
    await writeFile(join(newer, 'go.mod'), 'module newer\n\ngo 99.1\n');
    await expect(checkGo([tool.moduleDir, newer])).rejects.toThrow(/^Go 99\.1 or newer is needed; the `go` on the PATH is 1\./);
  });

  test.each([
    ['1.26.0', '1.26', 0],
    ['1.9', '1.26', -1],
    ['1.26.8', '1.26.10', -1],
    ['1.27rc1', '1.26.9', 1],
    ['1.26.1-custom', '1.26.1', 0],
  ])('version %s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

async function writeModule(moduleDir: string, name: string, main: string): Promise<void> {
  await mkdir(moduleDir, { recursive: true });
  await writeFile(join(moduleDir, 'go.mod'), `module ${name}\n\ngo 1.20\n`);
  await writeFile(join(moduleDir, 'main.go'), main);
}

function mainPrinting(expression: string): string {
  return `package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(${expression}) }\n`;
}
