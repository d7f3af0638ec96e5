import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { base64url, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { WebSocket } from 'ws';
import { testCall, type TestCall } from './test-support/call-events.ts';
import { rawClient, refusalIn, type RawClient } from './test-support/raw-client.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { streamOverGrpc, streamOverSse, type Received } from './test-support/subscribers.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let router: Router;
let token: string;
/** On the same replica all the while: no bad client may cost them an event. */
let healthy: Received[];
let call: TestCall;
let published = 0;

beforeAll(async () => {
  router = await routers.start({ CLIENT_STALL_MS: '500' });
  token = await keys.token();
  healthy = [streamOverGrpc(router.client(token), { filter: { types: ['call.ringing'] } }), streamOverSse(router, token, { query: { types: 'call.ringing' } })];
  await Promise.all(healthy.map(({ open }) => open));
  call = testCall(nats.bus);
});
afterEach(async () => {
  await call.publish('call', 'call.ringing');
  published += 1;
  const all = Array.from({ length: published }, (_, sequence) => BigInt(sequence));
  for (const { events } of healthy) await eventually(() => expect(events.map(({ sequence }) => sequence)).toEqual(all));
  await eventually(async () => expect(await clients()).toMatchObject({ grpc: 1, sse: 1 }));
});
afterAll(() => Promise.all(healthy.map((one) => one.close())));

/** Who is subscribed, as the replica's metrics say. */
async function clients(): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${router.httpPort}/metrics`)).text();
  return Object.fromEntries([...text.matchAll(/^parley_delivery_clients\{[^}]*transport="(\w+)"[^}]*\} (\d+)/gm)].map(([, transport, count]) => [transport!, Number(count)]));
}

const request = (headers: Readonly<Record<string, string>>, target = '/v1/events', version = '1.1') =>
  [`GET ${target} HTTP/${version}`, 'host: x', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');

async function refused(client: RawClient): Promise<ReturnType<typeof refusalIn>> {
  await eventually(() => expect(refusalIn(client.answer()).code).toBeDefined());
  client.socket.destroy();
  return refusalIn(client.answer());
}

describe('an HTTP/1.0 client', () => {
  test('gets the stream without the chunks that it would not understand', async () => {
    const client = rawClient(router.httpPort, request({ authorization: `Bearer ${token}` }, '/v1/events', '1.0'));
    await eventually(() => expect(client.answer()).toContain('event: heartbeat'));
    const other = testCall(nats.bus);
    const { id } = await other.publish('call');
    await eventually(() => expect(client.answer()).toContain(`"id":"${id}"`));
    const [head, body] = client.answer().split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(body).toMatch(/^retry: \d+\n\n(?:id: |event: |data: |\n)/);
    client.socket.destroy();
  });
});

describe('a Last-Event-ID', () => {
  const withId = (id: string) => rawClient(router.httpPort, request({ authorization: `Bearer ${token}`, 'last-event-id': id, connection: 'close' }));

  test('of arbitrary text is refused', async () => {
    // What a header may hold; spaces at its ends are no part of it.
    const text = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)), minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(text, async (id) => expect(await refused(withId(id))).toEqual({ status: 400, code: 'cursor.malformed' })),
      { numRuns: 50 },
    );
  });

  test('that is a real one with one character changed, cut off or added is refused', async () => {
    const cursor = healthy[0]!.cursor();
    await fc.assert(
      fc.asyncProperty(fc.nat(cursor.length - 2), async (at) => {
        const swapped = cursor[at] === 'A' ? 'B' : 'A';
        for (const id of [`${cursor.slice(0, at)}${swapped}${cursor.slice(at + 1)}`, cursor.slice(0, at + 1), `${cursor}A`]) {
          expect(await refused(withId(id))).toEqual({ status: 400, code: 'cursor.malformed' });
        }
      }),
      { numRuns: 20 },
    );
  });

  test('of 15 kilobytes is refused', async () => {
    expect(await refused(withId('A'.repeat(15_000)))).toEqual({ status: 400, code: 'cursor.malformed' });
  });

  test('of another account is refused', async () => {
    const theirs = streamOverGrpc(router.client(await keys.token({ accountId: 'other' })));
    await theirs.open;
    await theirs.close();
    expect(await refused(withId(theirs.cursor()))).toEqual({ status: 403, code: 'cursor.other_account' });
  });
});

describe('a token', () => {
  const claims = { account: 'acme', scope: 'api', sub: 'service:test', exp: Math.floor(Date.now() / 1_000) + 3_600 };

  const forgeries: Readonly<Record<string, () => Promise<string>>> = {
    'signed with another key': async () => {
      const { privateKey } = await generateKeyPair('EdDSA');
      return new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: 'test' }).sign(privateKey);
    },
    'that is not signed': async () => new UnsecuredJWT(claims).encode(),
    'signed with the public key as a shared secret': async () => {
      const secret = await readFile(keys.jwksFile);
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'test' }).sign(secret);
    },
    'that brings a key of its own': async () => {
      const { privateKey, publicKey } = await generateKeyPair('EdDSA');
      return new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', jwk: await exportJWK(publicKey) }).sign(privateKey);
    },
    'whose account was changed': async () => {
      const [header, payload, signature] = token.split('.');
      const changed = { ...(JSON.parse(Buffer.from(payload!, 'base64url').toString()) as object), account: 'other' };
      return [header, base64url.encode(JSON.stringify(changed)), signature].join('.');
    },
  };

  test.each(Object.keys(forgeries))('%s is refused, in the header and in the query', async (name) => {
    const forged = await forgeries[name]!();
    expect(await refused(rawClient(router.httpPort, request({ authorization: `Bearer ${forged}` })))).toEqual({ status: 401, code: 'auth.malformed' });
    expect(await refused(rawClient(router.httpPort, request({}, `/v1/events?access_token=${forged}`)))).toEqual({ status: 401, code: 'auth.malformed' });
  });

  test('that has expired is refused', async () => {
    const expired = await keys.token({ ttlSeconds: -60 });
    expect(await refused(rawClient(router.httpPort, request({ authorization: `Bearer ${expired}` })))).toEqual({ status: 401, code: 'auth.expired' });
  });

  test('in a valid header does not make a forged one in the query good, nor the other way round', async () => {
    const forged = await forgeries['that is not signed']!();
    expect(await refused(rawClient(router.httpPort, request({ authorization: `Bearer ${forged}` }, `/v1/events?access_token=${token}`)))).toEqual({ status: 401, code: 'auth.malformed' });
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What buffers hold that something still refers to. */
function keptBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe('a client that vanishes', () => {
  const subscribe = (): RawClient => rawClient(router.httpPort, request({ authorization: `Bearer ${token}` }));

  test('with a reset is forgotten', async () => {
    const gone = Array.from({ length: 20 }, subscribe);
    await eventually(async () => expect((await clients())['sse']).toBe(21));
    for (const { socket } of gone) socket.resetAndDestroy();
  });

  test('without a word, so that nothing is taken any more, is sent away, and what waits for it is bounded', async () => {
    // The host of the client is down, or a box between keeps the connection: the replica sees a window that stays shut.
    const halfOpen = subscribe();
    await eventually(() => expect(halfOpen.answer()).toContain('event: heartbeat'));
    halfOpen.socket.pause();
    const flood = testCall(nats.bus, { text: 'x'.repeat(64_000) });
    const before = keptBytes();
    await eventually(async () => {
      await Promise.all(Array.from({ length: 20 }, () => flood.publish('call')));
      expect(await clients()).toMatchObject({ grpc: 1, sse: 1 });
    });
    // What the replica has read ahead for itself goes once it has handled it.
    await eventually(() => expect(keptBytes() - before).toBeLessThan(64 * 2 ** 20));
    halfOpen.socket.destroy();
  });

  test('over WebSocket, so that it answers no ping, is cut off', async () => {
    const silent = new WebSocket(`ws://127.0.0.1:${router.httpPort}/v1/events?access_token=${token}`, 'cloudevents.json', { autoPong: false });
    const code = await new Promise<number>((resolve) => silent.once('close', resolve));
    expect(code).toBe(1006);
    await eventually(async () => expect(await clients()).toMatchObject({ websocket: 0 }));
  });
});

describe('a request that is too much', () => {
  test('a megabyte of query is refused before it is read', async () => {
    const client = rawClient(router.httpPort, 'GET /v1/events?types=');
    for (let sent = 0; sent < 64 && client.answer() === '' && !client.socket.destroyed; sent += 1) {
      client.write('x'.repeat(16_384));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.closed;
    expect(refusalIn(client.answer())).toEqual({ status: 431, code: 'request.too_large' });
  });

  test('a filter of a thousand values is refused', async () => {
    const target = `/v1/events?from=${Array.from({ length: 1_000 }, (_, n) => `client:a${n}`).join(',')}`;
    expect(await refused(rawClient(router.httpPort, request({ authorization: `Bearer ${token}` }, target)))).toEqual({ status: 400, code: 'subscription.invalid_filter' });
  });

  test('headers that drip in are cut off, however many clients do it', async () => {
    const slow = Array.from({ length: 30 }, () => rawClient(router.httpPort, 'GET /v1/events HTTP/1.1\r\nhost: x\r\n'));
    const dripping = setInterval(() => slow.forEach((client) => client.write('x-a: b\r\n')), 300);
    await Promise.all(slow.map(({ closed }) => closed)).finally(() => clearInterval(dripping));
    for (const client of slow) expect(refusalIn(client.answer())).toEqual({ status: 408, code: 'request.deadline_exceeded' });
  }, 90_000);
});
