import { expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { runGo } from '../../src/go-toolchain.ts';

test('the Go tests of the wire proxy pass', async () => {
  const moduleDir = fileURLToPath(new URL('../', import.meta.url));
  expect(await runGo({ args: ['test', './wire'], cwd: moduleDir })).toMatch(/^ok\s/);
});
