import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectProducers, startDeliverySystem, type DeliverySystem, type Producers } from '@parley/chaos';
import { browserStreamUrl, connectApi, type Api } from '@parley/examples';
import { eventually } from '@parley/testing';
import { EventSource, type ErrorEvent } from 'eventsource';
import { testCall } from './test-calls.ts';

// A browser that was given a URL, and holds no token of the account; two event-routers behind a plain TCP balancer.
let system: DeliverySystem;
let producers: Producers;
let api: Api;

beforeAll(async () => {
  system = await startDeliverySystem({ replicas: 2 });
  producers = await connectProducers(system.natsUrl);
  const nowhere = '127.0.0.1:1';
  api = connectApi({ callRouter: nowhere, billing: nowhere, subscription: `127.0.0.1:${system.subscriptionPort}` }, await system.token('acme'));
}, 120_000);
afterAll(async () => {
  api?.close();
  await producers?.close();
  await system?.stop();
}, 60_000);

/** Resolves with the first heartbeat: from there on nothing is missed. Rejects with the status of a refusal. */
async function subscribe(url: string): Promise<EventSource> {
  const source = new EventSource(url);
  await new Promise((resolve, reject) => {
    source.addEventListener('heartbeat', resolve, { once: true });
    source.addEventListener('error', ({ code }: ErrorEvent) => reject(new Error(`status ${code}`)), { once: true });
  }).catch((error: unknown) => {
    source.close();
    throw error;
  });
  return source;
}

test('a browser reads what its application server made a token for, and nothing else, until the key is revoked', async () => {
  const { verificationKey, secret } = await api.settings.createVerificationKey({ requestId: 'for browsers' });
  const { keyId } = verificationKey!;
  const call = testCall(producers);
  const filter = new URLSearchParams({ types: 'call.*,app.*', call_id: call.callId });
  const expiry = Math.floor(Date.now() / 1_000) + 600;
  const url = browserStreamUrl({ keyId, secret, account: 'acme', url: `http://127.0.0.1:${system.ports.http}/v1/events`, filter, expiry });
  // A replica hears of a key a moment later.
  const source = await eventually(() => subscribe(url));
  const received: string[] = [];
  source.addEventListener('call.initiated', ({ data }) => received.push((JSON.parse(data as string) as { id: string }).id));
  const [id] = await call.publish(1);
  await eventually(() => expect(received).toEqual([id]));
  await expect(subscribe(`${url}&types=billing.*`)).rejects.toThrow('status 403');

  const ended = new Promise((resolve) => source.addEventListener('stream.ended', ({ data }) => resolve(JSON.parse(data as string))));
  await api.settings.revokeVerificationKey({ keyId });
  expect(await ended).toMatchObject({ code: 'verification.revoked' });
  // It tries again by itself, and is refused for good.
  await eventually(() => expect(source.readyState).toBe(EventSource.CLOSED));
  await eventually(() => expect(subscribe(url).then((other) => other.close())).rejects.toThrow('status 403'));
  source.close();
}, 60_000);
