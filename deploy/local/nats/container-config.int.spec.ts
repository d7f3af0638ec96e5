import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { containerConfig } from './container-config.ts';
import { natsServerConfig } from './server-config.ts';

test('nats-server.conf is current: after a change of roles.ts run `node deploy/local/nats/container-config-main.ts`', async () => {
  expect(await readFile(new URL('nats-server.conf', import.meta.url), 'utf8')).toBe(containerConfig);
});

test.each(['Acme', 'a.b', '', 'x'.repeat(33), 'a" }'])('an account called %j is refused', (account) => {
  const options = { port: 1, storeDir: '/data', accounts: [account], password: () => '' };
  expect(() => natsServerConfig(options)).toThrow('not an account id');
});
