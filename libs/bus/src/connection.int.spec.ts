import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { natsCredsFile, startNats, type TestServer } from '@parley/local';
import { connectBus } from './connection.ts';

let dir: string;
let server: TestServer;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-connection-'));
  server = await startNats({ dataDir: dir });
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

test('credentials that were renewed under a running process are taken at its next connection', async () => {
  const credsFile = join(dir, 'service.creds');
  await copyFile(natsCredsFile('billing'), credsFile);
  const bus = await connectBus({ url: server.url, credsFile, name: 'test' });
  const ending = new AbortController();
  const reconnected = new Promise<void>((resolve) => bus.onReconnect(resolve, ending.signal));
  const publish = () => bus.nc.request('evt.billing.00.acme', '');
  await expect(publish()).rejects.toThrow('no responders'); // permitted, and there is no stream

  // Another user's, to tell which were taken.
  await copyFile(natsCredsFile('recognition'), credsFile);
  await server.kill();
  server = await startNats({ dataDir: dir, port: server.port });
  await reconnected;
  await expect(publish()).rejects.toThrow('Permissions Violation');
  ending.abort();
  await bus.nc.close();
});

test('a file that is no credentials file is named as what is wrong', async () => {
  const credsFile = join(dir, 'wrong.creds');
  await writeFile(credsFile, 'a password');
  await expect(connectBus({ url: server.url, credsFile, name: 'test' })).rejects.toThrow('has no user JWT');
});
