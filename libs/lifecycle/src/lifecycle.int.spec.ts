import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parleyError } from '@parley/errors';
import { eventually } from '@parley/testing';
import { createScope, instanceId, startHttp, type HttpHandler, type Scope } from './index.ts';

const telemetry = { metricsHandler: (_: unknown, response: { end(text: string): unknown }) => void response.end('metrics\n') };
const scopes: Scope[] = [];
const newScope = (): Scope => {
  const scope = createScope();
  scopes.push(scope);
  return scope;
};
afterEach(async () => {
  await Promise.all(scopes.splice(0).map((scope) => scope.stop()));
});

describe('a scope', () => {
  test('stops in reverse order, each step within its bound, whatever the others do', async () => {
    const scope = newScope();
    const order: string[] = [];
    scope.onStop('database', () => void order.push('database'));
    scope.onStop('hangs', () => new Promise(() => undefined), { boundMs: 20 });
    scope.onStop('throws', () => Promise.reject(new Error('no')));
    scope.onStop('server', async () => {
      await sleep(5);
      order.push('server');
    });
    await Promise.all([scope.stop(), scope.stop()]);
    expect(order).toEqual(['server', 'database']);
  });

  test('is ready when it says so and its checks hold, until the shutdown begins', async () => {
    const scope = newScope();
    let connected = false;
    const seen: boolean[] = [];
    scope.addReadinessCheck('broker', () => connected);
    scope.onReadiness((ready) => seen.push(ready));
    expect(scope.notReadyBecause()).toEqual(['starting', 'broker']);
    scope.ready();
    expect(scope.isReady).toBe(false);
    connected = true;
    expect(scope.isReady).toBe(true);
    await eventually(() => expect(seen).toEqual([false, true]));
    let readyWhileStopping: boolean | undefined;
    scope.onStop('server', () => {
      readyWhileStopping = scope.isReady;
    });
    await scope.stop();
    expect(readyWhileStopping).toBe(false);
    expect(scope.signal.aborted).toBe(true);
    expect(scope.notReadyBecause()).toEqual(['stopping']);
    expect(seen).toEqual([false, true, false]);
  });

  test('instances of one name differ', () => {
    expect(instanceId('billing')).toMatch(/^billing-[0-9a-f]{8}$/);
    expect(instanceId('billing')).not.toBe(instanceId('billing'));
  });
});

describe('the HTTP server', () => {
  const serve = async (routes: Record<string, HttpHandler> = {}): Promise<{ scope: Scope; url: string; port: number }> => {
    const scope = newScope();
    const { port } = await startHttp(scope, { port: 0, telemetry, routes });
    return { scope, port, url: `http://127.0.0.1:${port}` };
  };

  test('says whether the process lives and is ready, and gives its metrics', async () => {
    const { scope, url } = await serve();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const before = await fetch(`${url}/readyz`);
    expect([before.status, await before.text()]).toEqual([503, 'not ready: starting\n']);
    scope.ready();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics?x=1`)).text()).toBe('metrics\n');
  });

  test('answers with the errors of the table', async () => {
    const { url } = await serve({
      'GET /old': () => {
        throw parleyError('cursor.too_old', 'gone', { details: { stream: 'CALL_EVENTS' } });
      },
      'GET /broken': () => {
        throw new Error('password 1234');
      },
    });
    const old = await fetch(`${url}/old`);
    expect([old.status, await old.json()]).toEqual([410, { code: 'cursor.too_old', message: 'gone', details: { stream: 'CALL_EVENTS' } }]);
    const broken = await fetch(`${url}/broken`);
    expect([broken.status, await broken.json()]).toEqual([500, { code: 'internal', message: 'internal error' }]);
    for (const path of ['/nothing', '/constructor', '/__proto__']) {
      const missing = await fetch(`${url}${path}`);
      expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'not_found.route' }]);
    }
    expect((await fetch(`${url}/old`, { method: 'POST' })).status).toBe(404);
  });

  const answerTo = async (port: number, bytes: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let answer = '';
    socket.on('error', () => undefined).on('data', (text: string) => (answer += text));
    socket.write(bytes);
    await once(socket, 'close');
    return answer;
  };

  test.each([
    ['is no HTTP', 'garbage\r\n\r\n', 400, 'request.malformed'],
    ['has a target that is no URL', 'GET http://[bad HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400, 'request.malformed'],
    ['has a target without a host', 'GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400, 'request.malformed'],
    ['has a line that is too long', `GET /?${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431, 'request.too_large'],
  ])('answers a request that %s with a code', async (_, bytes, status, code) => {
    const { url, port } = await serve();
    const answer = await answerTo(port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(/\{.*\}/.exec(answer)![0])).toMatchObject({ code, message: expect.any(String) });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  test('writes no error into an answer that has begun', async () => {
    const { port } = await serve({ 'GET /stream': async ({ response, signal }) => {
      response.write('hello\n');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    } });
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let answer = '';
    socket.on('error', () => undefined).on('data', (text: string) => {
      answer += text;
      if (answer.includes('hello')) socket.write('garbage\r\n\r\n');
    });
    socket.write('GET /stream HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'close');
    expect(answer.match(/HTTP/g)).toHaveLength(1);
  });

  test('a handler learns that its client left, and that the shutdown begins', async () => {
    let open = 0;
    const { scope, url } = await serve({
      'GET /stream': async ({ response, signal }) => {
        open += 1;
        response.write('hello\n');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        open -= 1;
        response.end();
      },
    });
    const abort = new AbortController();
    await fetch(`${url}/stream`, { signal: abort.signal });
    const staying = await fetch(`${url}/stream`);
    expect(open).toBe(2);
    abort.abort();
    await eventually(() => expect(open).toBe(1));
    await scope.stop();
    expect(open).toBe(0);
    expect(await staying.text()).toBe('hello\n');
  });

  test('a port that is taken is an error', async () => {
    const { port } = await serve();
    await expect(startHttp(newScope(), { port, telemetry })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('a process', () => {
  const node = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  const program = fileURLToPath(new URL('./service.fixture.ts', import.meta.url));
  const started: ChildProcess[] = [];
  afterEach(() => {
    started.splice(0).forEach((child) => child.kill('SIGKILL'));
  });

  const run = async (mode: string, untilLine = 'ready'): Promise<{ child: ChildProcess; output: () => string; exit: Promise<unknown> }> => {
    const child = spawn(node, [program, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString();
    });
    const exit = once(child, 'exit').then(([code]) => code as unknown);
    await eventually(() => expect(text).toContain(untilLine));
    return { child, output: () => text, exit };
  };

  test.each(['SIGTERM', 'SIGINT'] as const)('stops in order on %s and ends with 0', async (signal) => {
    const { child, output, exit } = await run('normal');
    child.kill(signal);
    expect(await exit).toBe(0);
    expect(output()).toMatch(/second stopped[\s\S]*first stopped/);
  });

  test('that cannot start stops what it had started and ends with 1', async () => {
    const { output, exit } = await run('start-fails', 'could not start');
    expect(await exit).toBe(1);
    expect(output()).toMatch(/could not start[\s\S]*first stopped/);
  });

  test.each(['rejection', 'exception'])('ends with 1 after an unhandled %s, and says why', async (mode) => {
    const { output, exit } = await run(mode, 'uncaught');
    expect(await exit).toBe(1);
    expect(output()).toMatch(/"level":"fatal".*nobody caught this/);
    expect(output()).toContain('first stopped');
  });

  test('that hangs in its shutdown is ended', async () => {
    const { child, exit, output } = await run('hangs');
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(output()).toContain('the shutdown took too long');
  });

  test('ends at once on a second signal', async () => {
    const { child, exit, output } = await run('slow');
    child.kill('SIGTERM');
    await eventually(() => expect(output()).toContain('stopping slowly'));
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
  });
});
