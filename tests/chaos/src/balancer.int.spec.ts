import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { startBalancer, type Balancer } from './balancer.ts';

const servers: Server[] = [];
let balancer: Balancer;

afterEach(async () => {
  await balancer.close();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A server that answers what it hears with its name. */
async function startNamed(name: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => socket.end(`${name} heard ${data.toString()}`));
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function ask(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('hello');
  let answer = '';
  for await (const part of socket) answer += String(part);
  return answer;
}

test('connections go to each in turn, and past one that does not listen', async () => {
  const gone = await startNamed('gone');
  await new Promise((resolve) => servers.pop()!.close(resolve));
  balancer = await startBalancer([await startNamed('one'), gone, await startNamed('two')]);
  const answers = [];
  for (let count = 0; count < 6; count += 1) answers.push(await ask(balancer.port));
  expect(answers.sort()).toEqual(['one heard hello', 'one heard hello', ...Array(4).fill('two heard hello')]);
});

test('with nobody left the client is sent away', async () => {
  balancer = await startBalancer([1]);
  await expect(ask(balancer.port).catch(() => '')).resolves.toBe('');
});
