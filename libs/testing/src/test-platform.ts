import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMongowire, startNats, type TestServer } from '@parley/local';

// Jest's workers come and go and share nothing, so the servers that tests need belong to jest's main process: it starts one
// when a worker asks for it (unit tests start none), and stops all at the end of the run.

/** Names the socket at which workers ask. */
const socketVariable = 'PARLEY_TEST_PLATFORM';

export interface TestPlatform {
  stop(): Promise<void>;
}

/** In jest's main process, before workers start. */
export async function startTestPlatform(): Promise<TestPlatform> {
  const servers = new Map<string, Promise<TestServer>>();
  const socket = join(tmpdir(), `parley-test-${process.pid}-${randomBytes(4).toString('hex')}.sock`);
  const server = createServer((request, response) => {
    const name = request.url ?? '';
    const started = servers.get(name) ?? start(name);
    servers.set(name, started);
    started.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : 'failed'),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  process.env[socketVariable] = socket;
  return { stop: () => stop(server, socket, servers) };
}

function start(name: string): Promise<TestServer> {
  return name.startsWith('/nats/') ? startNats() : startMongowire();
}

async function stop(server: Server, socket: string, servers: ReadonlyMap<string, Promise<TestServer>>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  await rm(socket, { force: true });
  const started = await Promise.allSettled(servers.values());
  await Promise.all(started.filter((result) => result.status === 'fulfilled').map((result) => result.value.stop()));
}

/** In a test: the URL of the nats-server that this worker has for itself. */
export function workerNatsUrl(): Promise<string> {
  return askFor(`/nats/${process.env['JEST_WORKER_ID'] ?? '1'}`);
}

/** In a test: the URL of the database, `MONGODB_URL` if that is set. */
export function databaseUrl(): Promise<string> {
  const given = process.env['MONGODB_URL'];
  return given === undefined || given === '' ? askFor('/mongowire') : Promise.resolve(given);
}

function askFor(path: string): Promise<string> {
  const socketPath = process.env[socketVariable];
  if (socketPath === undefined) {
    throw new Error(`${socketVariable} is not set: run the test through the repository's jest.config.js`);
  }
  return new Promise((resolve, reject) => {
    get({ socketPath, path }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`a server for tests did not start: ${text}`))));
    }).on('error', reject);
  });
}
