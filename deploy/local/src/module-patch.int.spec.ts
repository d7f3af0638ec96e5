import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyReplacement, copyPatched } from './module-patch.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-patch-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('a read-only module is copied and changed; the module stays as it is', async () => {
  const source = join(dir, 'source');
  await mkdir(join(source, 'sub'), { recursive: true });
  await writeFile(join(source, 'sub', 'a.go'), 'one two one');
  await chmod(join(source, 'sub', 'a.go'), 0o444);
  await chmod(join(source, 'sub'), 0o555);
  const target = join(dir, 'target');
  const patch = { module: 'm', replacements: [{ file: 'sub/a.go', find: 'one', replaceBy: '$& $1', times: 2 }] };

  await copyPatched(source, target, patch);
  await copyPatched(source, target, patch); // over an earlier copy

  expect(await readFile(join(target, 'sub', 'a.go'), 'utf8')).toBe('$& $1 two $& $1');
  expect(await readFile(join(source, 'sub', 'a.go'), 'utf8')).toBe('one two one');
  await chmod(join(source, 'sub'), 0o755);
});

test.each([
  ['never', 'three', 1, 0],
  ['too rarely', 'two', 2, 1],
  ['too often', 'one', 1, 2],
])('what matches %s fails', (_how, find, times, found) => {
  expect(() => applyReplacement('one two one', { file: 'a.go', find, replaceBy: 'x', times })).toThrow(
    `The patch of a.go no longer fits: expected "${find}" ${times} time(s), found it ${found} time(s)`,
  );
});
