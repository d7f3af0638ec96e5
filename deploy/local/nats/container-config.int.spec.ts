import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ensureTools } from '../src/tools.ts';
import { containerConfig } from './container-config.ts';
import { ensureNatsKeys, natsCredsFile } from './nats-keys.ts';

const run = promisify(execFile);

test('the configuration for a container is one that nats-server takes, and holds no secret', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-container-'));
  const config = await containerConfig(await ensureNatsKeys());
  const file = join(dir, 'nats-server.conf');
  await writeFile(file, config);
  const { 'nats-server': natsServer } = await ensureTools({ only: ['nats-server'] });
  await expect(run(natsServer, ['--config', file, '-t'])).resolves.toBeDefined();
  expect(config).toContain('host: "0.0.0.0"');
  expect(config).not.toMatch(/\bS[OAU][A-Z2-7]{40,}/); // a seed
  expect(await readFile(natsCredsFile('billing'), 'utf8')).toMatch(/\bSU[A-Z2-7]{40,}/);
  await rm(dir, { recursive: true });
});
