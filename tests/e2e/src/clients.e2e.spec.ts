import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectProducers, startDeliverySystem, type DeliverySystem, type Producers } from '@parley/chaos';
import { CreateSubscriptionRequest, type CreateNatsCredentialResponse, type CreateSubscriptionResponse, type Sink } from '@parley/contracts';
import { connectApi, type Api } from '@parley/examples';
import { replicaName, toolPaths } from '@parley/local';
import { eventually } from '@parley/testing';
import { EventSource } from 'eventsource';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Webhook } from 'standardwebhooks';
import { runClient, startClient } from './client-process.ts';
import { testCall } from './test-calls.ts';

// Clients that know nothing of Parley, each against two event-routers behind a plain TCP balancer.
let system: DeliverySystem;
let producers: Producers;
let api: Api;
let token: string;

beforeAll(async () => {
  system = await startDeliverySystem({ replicas: 2 });
  producers = await connectProducers(system.natsUrl);
  token = await system.token('acme');
  const nowhere = '127.0.0.1:1';
  api = connectApi({ callRouter: nowhere, billing: nowhere, subscription: `127.0.0.1:${system.subscriptionPort}` }, token);
}, 120_000);
afterAll(async () => {
  api?.close();
  await producers?.close();
  await system?.stop();
}, 60_000);

const subscribe = (sink: Sink['kind'], requestId: string): Promise<CreateSubscriptionResponse> =>
  api.subscriptions.createSubscription(CreateSubscriptionRequest.fromPartial({ requestId, sink: { kind: sink! } }));

describe('curl -N', () => {
  const url = (query: Record<string, string>) => `http://127.0.0.1:${system.ports.http}/v1/events?${new URLSearchParams(query).toString()}`;
  const messages = (text: string): EventSourceMessage[] => {
    const found: EventSourceMessage[] = [];
    createParser({ onEvent: (message) => void found.push(message) }).feed(text);
    return found;
  };
  const events = (text: string) => messages(text).filter(({ event }) => event !== 'heartbeat');
  const ids = (text: string) => events(text).map(({ data }) => (JSON.parse(data) as { id: string }).id);

  test.each(['an Authorization header', 'the parameter access_token'])('reads events as they happen, with %s, and goes on with Last-Event-ID', async (means) => {
    const call = testCall(producers);
    const [header, query] = means === 'an Authorization header' ? [['-H', `authorization: Bearer ${token}`], {}] : [[], { access_token: token }];
    const read = (...more: readonly string[]) => startClient('curl', ['-sN', ...header, ...more, url({ ...query, call_id: call.callId })]);

    const first = read();
    // The first message is a heartbeat: from there on nothing is missed.
    await eventually(() => expect(messages(first.output())).not.toEqual([]), { timeoutMs: 20_000 });
    const published = await call.publish(4);
    await eventually(() => expect(ids(first.output()).length).toBe(4));
    await first.end();
    expect(new Set(ids(first.output()))).toEqual(new Set(published));

    published.push(...(await call.publish(3)));
    const second = read('-H', `last-event-id: ${messages(first.output()).at(-1)!.id}`);
    await eventually(() => expect(ids(second.output())).toHaveLength(3));
    await second.end();
    expect(new Set([...ids(first.output()), ...ids(second.output())])).toEqual(new Set(published));
  });

  test('without a token is told why', async () => {
    const answer = await runClient('curl', ['-sN', '-w', '%{http_code}', url({})]);
    expect(answer).toMatch(/^\{"code":"auth\.missing".*\}401$/);
  });
});

describe("a browser's EventSource", () => {
  test('reconnects with Last-Event-ID when the replica dies, and misses nothing', async () => {
    const call = testCall(producers);
    const source = new EventSource(`http://127.0.0.1:${system.ports.http}/v1/events?${new URLSearchParams({ call_id: call.callId, access_token: token }).toString()}`);
    const received: string[] = [];
    let errors = 0;
    source.addEventListener('error', () => (errors += 1));
    // A browser dispatches by type; what an application does not listen for still moves the last event id.
    const types = ['call.initiated', 'call.ringing', 'call.answered', 'call.video_started', 'call.verb_started', 'call.verb_ended', 'call.digits_received', 'call.completed', 'app.order.step', 'reaction.observing', 'reaction.present', 'reaction.ended', 'billing.started', 'billing.charged', 'billing.settled'];
    for (const type of types) source.addEventListener(type, ({ data }) => received.push((JSON.parse(data as string) as { id: string }).id));
    await new Promise((resolve) => source.addEventListener('heartbeat', resolve, { once: true }));

    const published = await call.publish(3);
    await eventually(() => expect(received).toHaveLength(3));
    // Whichever it is connected to.
    for (const index of [0, 1]) {
      await system.supervisor.signal(replicaName('event-router', index), 'SIGKILL');
      published.push(...(await call.publish(2)));
      await system.supervisor.ready(replicaName('event-router', index));
      published.push(...(await call.publish(1)));
    }
    await eventually(() => expect(new Set(received)).toEqual(new Set(published)));
    const ofClass = (ids: readonly string[], eventClass: string) => [...new Set(ids)].filter((id) => id.includes(`-${eventClass}-`));
    for (const eventClass of ['call', 'reaction', 'billing']) expect(ofClass(received, eventClass)).toEqual(ofClass(published, eventClass));
    expect(errors).toBeGreaterThan(0);
    source.close();
  }, 90_000);
});

describe('standardwebhooks', () => {
  interface Delivery {
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }

  test('verifies what is delivered, and refuses it when a byte of it was changed or the secret is another', async () => {
    const deliveries: Delivery[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => {
        deliveries.push({ headers: request.headers, body });
        response.writeHead(204).end();
      });
    });
    server.listen(system.webhookPort, '127.0.0.1');
    await once(server, 'listening');
    const { webhookSecret } = await subscribe({ $case: 'webhook', value: { url: `http://127.0.0.1:${system.webhookPort}/hook`, signatureScheme: 0 } }, 'hook');
    const [id] = await testCall(producers).publish(1);
    const { headers, body } = await eventually(() => {
      const delivery = deliveries.find(({ headers }) => headers['webhook-id'] === id);
      expect(delivery).toBeDefined();
      return delivery!;
    });
    server.closeAllConnections();
    server.close();

    const verify = (text: string, changed: Record<string, string> = {}, secret = webhookSecret) => new Webhook(secret).verify(text, { ...(headers as Record<string, string>), ...changed });
    expect(verify(body)).toMatchObject({ id, specversion: '1.0', type: 'call.initiated' });
    expect(() => verify(body.replace('call.initiated', 'call.initiates'))).toThrow('No matching signature found');
    expect(() => verify(body, { 'webhook-id': `${id}0` })).toThrow('No matching signature found');
    expect(() => verify(body, {}, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow('No matching signature found');
    expect(() => verify(body, { 'webhook-timestamp': '1700000000' })).toThrow('Message timestamp too old');
  });
});

describe('grpcurl', () => {
  const stream = 'parley.event.v1.EventService/StreamEvents';
  const address = () => `127.0.0.1:${system.ports.grpc}`;
  const authorized = () => ['-plaintext', '-H', `authorization: Bearer ${token}`];

  interface Response {
    readonly cursor: string;
    readonly event?: { readonly id: string };
  }
  /** It prints each message as JSON over several lines, of which only the last is a bare brace. */
  const responses = (text: string) => text.split(/(?<=^\})\n/m).slice(0, -1).map((json) => JSON.parse(json) as Response);
  const ids = (text: string) => responses(text).flatMap(({ event }) => event?.id ?? []);

  test('finds the service by reflection', async () => {
    expect(await runClient(toolPaths.grpcurl, ['-plaintext', address(), 'list'])).toContain('parley.event.v1.EventService');
    expect(await runClient(toolPaths.grpcurl, ['-plaintext', address(), 'describe', 'parley.event.v1.EventService'])).toContain('rpc StreamEvents');
  });

  test('reads a stream of events, and goes on with the cursor of the last', async () => {
    const call = testCall(producers);
    const read = (request: object) => startClient(toolPaths.grpcurl, [...authorized(), '-d', JSON.stringify({ filter: { call_ids: [call.callId] }, ...request }), address(), stream]);
    const first = read({});
    await eventually(() => expect(responses(first.output())).not.toEqual([]));
    const published = await call.publish(3);
    await eventually(() => expect(ids(first.output())).toHaveLength(3));
    await first.end();
    published.push(...(await call.publish(3)));
    const second = read({ cursor: responses(first.output()).at(-1)!.cursor });
    await eventually(() => expect(ids(second.output())).toHaveLength(3));
    await second.end();
    expect(new Set([...ids(first.output()), ...ids(second.output())])).toEqual(new Set(published));
  });

  test('is told the code of an error', async () => {
    const refused = runClient(toolPaths.grpcurl, [...authorized(), '-d', '{"cursor": "nonsense"}', address(), stream]);
    await expect(refused).rejects.toThrow(/InvalidArgument[^]*cursor/);
  });
});

describe('the nats CLI', () => {
  /** With the credential in a file, as docs/events.md has it. */
  const cliWith = async (credential: CreateNatsCredentialResponse) => {
    const dir = await mkdtemp(join(tmpdir(), 'parley-creds-'));
    const file = join(dir, 'downstream.creds');
    await writeFile(file, credential.credentials, { mode: 0o600 });
    const login = ['--server', system.natsUrl, '--creds', file, '--inbox-prefix', credential.inboxPrefix, '--js-domain', credential.jetstreamDomain];
    return {
      nats: (...command: readonly string[]) => runClient(toolPaths.nats, [...login, ...command]),
      forget: () => rm(dir, { recursive: true, force: true }),
    };
  };

  test("fetches from its account's durable consumer, acknowledges, and gets what comes next", async () => {
    const { subscriptionId } = (await subscribe({ $case: 'nats', value: {} }, 'nats')).subscription!;
    const credential = await api.subscriptions.createNatsCredential({ subscriptionId, lifetime: undefined });
    const { consumerName } = credential;
    const { nats, forget } = await cliWith(credential);
    const call = testCall(producers);
    const published = (await call.publish(8)).filter((id) => id.includes('-call-'));
    const next = async (count: number) => {
      const output = await nats('consumer', 'next', 'CALL_EVENTS', consumerName, '--count', String(count), '--ack');
      return [...output.matchAll(/ce-id: (\S+)/gi)].map(([, id]) => id!);
    };
    const fetched = await next(2);
    fetched.push(...(await next(published.length - 2)));
    expect(fetched).toEqual(published);
    await eventually(async () => {
      const info = JSON.parse(await nats('consumer', 'info', 'CALL_EVENTS', consumerName, '--json')) as { num_pending: number; num_ack_pending: number };
      expect(info).toMatchObject({ num_pending: 0, num_ack_pending: 0 });
    });
    // Another consumer's name is of no use.
    await expect(nats('--timeout', '1s', 'consumer', 'next', 'CALL_EVENTS', `${consumerName}x`, '--count', '1')).rejects.toThrow(/ended with 1/);
    await forget();
  });
});
