import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { EventServiceClient, EventServiceService, StreamEventsRequest, SubscriptionServiceClient, SubscriptionServiceService, GetSubscriptionRequest } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { ensureTools } from '@parley/local';
import { eventually, testKeys } from '@parley/testing';
import { exportJWK, generateKeyPair } from 'jose';
import { createClient, createGrpcServer, createServiceTokens, createSigner, createVerifier, grpcService, type GrpcServer, type Handlers } from './index.ts';

const run = promisify(execFile);
const keys = testKeys();
const code = (code: string) => expect.objectContaining({ code });
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) {
    await stop();
  }
});

const unimplemented = () => {
  throw parleyError('request.unimplemented', 'not part of this test');
};

function subscriptionHandlers(getSubscription: Handlers<typeof SubscriptionServiceService>['getSubscription']): Handlers<typeof SubscriptionServiceService> {
  return {
    createSubscription: unimplemented,
    getSubscription,
    listSubscriptions: unimplemented,
    updateSubscription: unimplemented,
    deleteSubscription: unimplemented,
    rewindSubscription: unimplemented,
    rotateWebhookKey: unimplemented,
    createNatsCredential: unimplemented,
  };
}

async function startServer(getSubscription: Handlers<typeof SubscriptionServiceService>['getSubscription'], port = 0): Promise<GrpcServer> {
  const server = await createGrpcServer({
    host: '127.0.0.1',
    port,
    verifier: keys.verifier,
    services: [
      grpcService(SubscriptionServiceService, { scope: 'api', handlers: subscriptionHandlers(getSubscription) }),
      grpcService(EventServiceService, {
        scope: 'api',
        handlers: {
          streamEvents: async (_, { signal }) => {
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
          },
        },
      }),
    ],
  });
  stops.push(() => server.stop(100));
  return server;
}

const request = GetSubscriptionRequest.create({ subscriptionId: 's' });
const nothing = { subscription: undefined };

describe('for operators', () => {
  test('grpcurl lists and describes services, and asks for health, without a token', async () => {
    const { grpcurl } = await ensureTools({ only: ['grpcurl'] });
    const server = await startServer(() => nothing);
    const ask = async (...args: string[]) => (await run(grpcurl, ['-plaintext', ...args])).stdout;
    const address = `127.0.0.1:${server.port}`;
    expect((await ask(address, 'list')).trim().split('\n')).toEqual([
      'grpc.health.v1.Health',
      'parley.event.v1.EventService',
      'parley.subscription.v1.SubscriptionService',
    ]);
    expect(await ask(address, 'describe', 'parley.event.v1.StreamEventsRequest')).toContain('EventFilter filter = 1');
    expect(await ask(address, 'grpc.health.v1.Health/Check')).toContain('NOT_SERVING');
    server.setServing(true);
    expect(await ask('-d', '{"service":"parley.event.v1.EventService"}', address, 'grpc.health.v1.Health/Check')).toContain('"SERVING"');
  });

  test('a port that is taken is an error that says so', async () => {
    const server = await startServer(() => nothing);
    await expect(startServer(() => nothing, server.port)).rejects.toEqual(code('unavailable'));
  });
});

describe('a shutdown', () => {
  test('lets calls in flight finish', async () => {
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const server = await startServer(async () => {
      arrived.resolve();
      await release.promise;
      return nothing;
    });
    const client = createClient(SubscriptionServiceClient, { address: `127.0.0.1:${server.port}`, token: () => keys.token() });
    stops.push(() => client.close());
    const answer = client.getSubscription(request);
    await arrived.promise;
    const stopped = server.stop(30_000);
    release.resolve();
    await expect(answer).resolves.toEqual(nothing);
    await stopped;
  });

  test('waits for handlers to clean up after calls that it cancelled', async () => {
    const arrived = Promise.withResolvers<void>();
    let cleanedUp = false;
    const server = await startServer(async (_, { signal }) => {
      arrived.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 100));
      cleanedUp = true;
      return nothing;
    });
    const client = createClient(SubscriptionServiceClient, { address: `127.0.0.1:${server.port}`, token: () => keys.token(), waitForReady: false });
    stops.push(() => client.close());
    const answer = client.getSubscription(request, { deadlineMs: 500 });
    answer.catch(() => undefined);
    await arrived.promise;
    await server.stop(0);
    expect(cleanedUp).toBe(true);
    await expect(answer).rejects.toMatchObject({ name: 'ParleyError' });
  });

  test('ends a stream that does not end by itself', async () => {
    const server = await startServer(() => nothing);
    const client = createClient(EventServiceClient, { address: `127.0.0.1:${server.port}`, token: () => keys.token() });
    stops.push(() => client.close());
    const stream = await client.streamEvents(StreamEventsRequest.create());
    const reading = (async () => {
      for await (const message of stream) {
        expect(message).toBeUndefined();
      }
    })();
    reading.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100)); // the stream is open now; if not, the test holds all the same
    await server.stop(50);
    await expect(reading).rejects.toMatchObject({ name: 'ParleyError' });
  });
});

describe('a client', () => {
  test('spreads its calls over all addresses, and goes on when one dies', async () => {
    const counts = [0, 0];
    const servers = [];
    for (const index of [0, 1]) {
      servers.push(
        await startServer(() => {
          counts[index] = (counts[index] ?? 0) + 1;
          return nothing;
        }),
      );
    }
    const address = servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const client = createClient(SubscriptionServiceClient, { address, token: () => keys.token() });
    stops.push(() => client.close());
    await eventually(async () => {
      await client.getSubscription(request);
      expect(Math.min(...counts)).toBeGreaterThan(2);
    });
    await servers[0]?.stop(0);
    for (let i = 0; i < 10; i += 1) {
      await expect(client.getSubscription(request)).resolves.toEqual(nothing);
    }
  });

  test('asks again on UNAVAILABLE', async () => {
    let attempts = 0;
    const server = await startServer(() => {
      attempts += 1;
      if (attempts < 3) throw parleyError('store.unavailable', 'not now');
      return nothing;
    });
    const client = createClient(SubscriptionServiceClient, { address: `localhost:${server.port}`, token: () => keys.token() });
    stops.push(() => client.close());
    await expect(client.getSubscription(request)).resolves.toEqual(nothing);
    expect(attempts).toBe(3);
  });

  test('waits for a server that starts late, up to its deadline', async () => {
    const first = await startServer(() => nothing);
    await first.stop(0);
    const client = createClient(SubscriptionServiceClient, { address: `127.0.0.1:${first.port}`, token: () => keys.token() });
    stops.push(() => client.close());
    await expect(client.getSubscription(request, { deadlineMs: 200 })).rejects.toEqual(code('request.deadline_exceeded'));
    const answer = client.getSubscription(request, { deadlineMs: 30_000 });
    await startServer(() => nothing, first.port);
    await expect(answer).resolves.toEqual(nothing);
  });

  test('told not to wait fails at once', async () => {
    const first = await startServer(() => nothing);
    await first.stop(0);
    const client = createClient(SubscriptionServiceClient, { address: `127.0.0.1:${first.port}`, waitForReady: false, token: 'x' });
    stops.push(() => client.close());
    await expect(client.getSubscription(request)).rejects.toEqual(code('unavailable'));
  });

  test.each(['', 'nohost', 'a:1,b:2', '127.0.0.1:1,[::1]:2'])('%j is no address', (address) => {
    expect(() => createClient(SubscriptionServiceClient, { address })).toThrow(code('config.invalid'));
  });
});

describe('keys and tokens', () => {
  test('a JWKS may come from a URL', async () => {
    const jwks: { current: string } = { current: '{"keys":[]}' };
    const http: Server = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(jwks.current));
    await new Promise<void>((resolve) => {
      http.listen(0, '127.0.0.1', resolve);
    });
    stops.push(() => new Promise((resolve) => http.close(resolve)));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks`;
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    jwks.current = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'EdDSA' }] });
    const dir = await mkdtemp(join(tmpdir(), 'parley-jwks-'));
    stops.push(() => rm(dir, { recursive: true }));
    await writeFile(join(dir, 'key.json'), JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'k' }));
    const signer = await createSigner({ keyFile: join(dir, 'key.json') });
    const verifier = await createVerifier({ jwksUrl: url });
    const token = await signer.sign({ accountId: 'acme', subject: 's', scopes: ['api', 'observe'], callId: 'CA1', ttlSeconds: 60, claims: { party: 'caller' } });
    const identity = await verifier.verify(token);
    expect(identity).toMatchObject({ accountId: 'acme', scopes: ['api', 'observe'], callId: 'CA1', claims: { party: 'caller' } });
    // Another key's signature.
    await expect(keys.verifier.verify(token)).rejects.toEqual(code('auth.malformed'));
    await expect(verifier.verify(await keys.token())).rejects.toEqual(code('auth.malformed'));
  });

  test('keys that cannot be fetched are our trouble, not the caller’s', async () => {
    const verifier = await createVerifier({ jwksUrl: 'http://127.0.0.1:1/jwks' });
    await expect(verifier.verify(await keys.token())).rejects.toEqual(code('auth.keys_unavailable'));
  });

  test('unsigned, HMAC-signed and altered tokens are refused', async () => {
    const token = await keys.token();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const altered = encode({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), account: 'globex' });
    for (const bad of [`${encode({ alg: 'none' })}.${payload}.`, `${encode({ alg: 'HS256' })}.${payload}.${signature}`, `${header}.${altered}.${signature}`]) {
      await expect(keys.verifier.verify(bad)).rejects.toEqual(code('auth.malformed'));
    }
  });

  test('exactly one source of keys', async () => {
    await expect(createVerifier({})).rejects.toEqual(code('config.invalid'));
    await expect(createVerifier({ jwksFile: '/nowhere' })).rejects.toEqual(code('config.invalid'));
    await expect(createSigner({ keyFile: '/nowhere' })).rejects.toEqual(code('config.invalid'));
  });

  test('service tokens are kept per account', async () => {
    const tokens = createServiceTokens(keys.signer, 'call-router');
    expect(await tokens('acme')).toBe(await tokens('acme'));
    expect(await keys.verifier.verify(await tokens('globex'))).toMatchObject({ accountId: 'globex', subject: 'service:call-router', scopes: ['service'] });
  });
});
