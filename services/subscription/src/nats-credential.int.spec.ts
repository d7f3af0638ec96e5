import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { credsAuthenticator, type NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { eventStreams } from '@parley/bus';
import { CreateSubscriptionRequest, type CreateNatsCredentialResponse, DeleteSubscriptionRequest, EventFilter } from '@parley/contracts';
import { ensureTools } from '@parley/local';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });
const run = promisify(execFile);

let dir: string;
const connections: NatsConnection[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-credential-'));
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await rm(dir, { recursive: true });
});

const code = (code: string) => expect.objectContaining({ code });
const newAccount = () => `account-${randomUUID().slice(0, 8)}`;
const natsSink = { kind: { $case: 'nats', value: {} } } as const;

/** An account that nobody knew before has a NATS sink, and three events. */
async function subscribed(filter = EventFilter.create()) {
  const accountId = newAccount();
  const client = await service.client(accountId);
  const created = await client.createSubscription(CreateSubscriptionRequest.fromPartial({ requestId: 'r', sink: natsSink, filter }));
  const { subscriptionId } = created.subscription!;
  for (const text of ['first', 'second', 'third']) await nats.bus.js.publish(`evt.call.00.${accountId}`, `${text} of ${accountId}`);
  return { accountId, client, subscriptionId };
}

/** As docs/events.md has it. */
async function connectWith({ credentials, inboxPrefix }: CreateNatsCredentialResponse): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(credentials));
  const nc = await connect({ servers: nats.url, authenticator, inboxPrefix, reconnect: false });
  connections.push(nc);
  return nc;
}

async function consumerOf(credential: CreateNatsCredentialResponse, stream: string = eventStreams.call) {
  const js = jetstream(await connectWith(credential), { domain: credential.jetstreamDomain });
  return js.consumers.get(stream, credential.consumerName);
}

/** The nats CLI, with the credentials in a file, as docs/events.md has it. */
async function cli(credential: CreateNatsCredentialResponse, ...command: string[]): Promise<string> {
  const { nats: program } = await ensureTools({ only: ['nats'] });
  const file = join(dir, `${randomUUID()}.creds`);
  await writeFile(file, credential.credentials, { mode: 0o600 });
  const login = ['--server', nats.url, '--creds', file, '--inbox-prefix', credential.inboxPrefix, '--js-domain', credential.jetstreamDomain];
  const { stdout, stderr } = await run(program, [...login, ...command], { env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir } });
  return stdout + stderr;
}

describe('a credential of a NATS sink', () => {
  test('reads, with nats.js, the events of an account that the broker had never heard of', async () => {
    const { client, accountId, subscriptionId } = await subscribed();
    const before = Date.now();
    const credential = await client.createNatsCredential({ subscriptionId, lifetime: undefined });
    expect(credential).toMatchObject({ consumerName: `downstream-${accountId}-${subscriptionId}`, streams: Object.values(eventStreams), jetstreamDomain: 'parley' });
    const days = (credential.expireTime!.getTime() - before) / 86_400_000;
    expect(days).toBeCloseTo(30, 2);

    const consumer = await consumerOf(credential);
    for (const text of ['first', 'second', 'third']) {
      const message = await consumer.next();
      expect(message?.string()).toBe(`${text} of ${accountId}`);
      expect(await message?.ackAck()).toBe(true);
    }
    expect(await consumer.info()).toMatchObject({ num_pending: 0, num_ack_pending: 0 });
  });

  test('reads and acknowledges with the nats CLI', async () => {
    const { client, accountId, subscriptionId } = await subscribed();
    const credential = await client.createNatsCredential({ subscriptionId, lifetime: undefined });
    expect(await cli(credential, 'consumer', 'info', eventStreams.call, credential.consumerName)).toMatch(/Unprocessed Messages: 3/);
    const output = await cli(credential, 'consumer', 'next', eventStreams.call, credential.consumerName, '--count', '2', '--ack');
    expect(output).toContain(`first of ${accountId}`);
    expect(output).toContain(`second of ${accountId}`);
    await eventually(async () => {
      const info = await nats.bus.jsm.consumers.info(eventStreams.call, credential.consumerName);
      expect(info).toMatchObject({ num_pending: 1, num_ack_pending: 0, ack_floor: { consumer_seq: 2 } });
    });
    await expect(cli(credential, 'stream', 'info', eventStreams.call)).rejects.toThrow(/[Pp]ermissions [Vv]iolation/);
    await expect(cli(credential, 'pub', `evt.call.00.${accountId}`, 'forged')).rejects.toThrow(/[Pp]ermissions [Vv]iolation/);
  });

  test('is of no use for the consumer of another account', async () => {
    const [one, other] = [await subscribed(), await subscribed()];
    const credential = await one.client.createNatsCredential({ subscriptionId: one.subscriptionId, lifetime: undefined });
    const consumerName = `downstream-${other.accountId}-${other.subscriptionId}`;
    await expect(consumerOf({ ...credential, consumerName })).rejects.toThrow(/Permissions Violation/);
  });

  test('ends with the subscription, and does not come back with the next one of the account', async () => {
    const { client, subscriptionId } = await subscribed();
    const credential = await client.createNatsCredential({ subscriptionId, lifetime: undefined });
    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
    await client.createSubscription(CreateSubscriptionRequest.fromPartial({ requestId: 'next', sink: natsSink }));
    await expect(consumerOf(credential)).rejects.toThrow('consumer not found');
    await expect(client.createNatsCredential({ subscriptionId, lifetime: undefined })).rejects.toEqual(code('not_found.subscription'));
  });

  test('names the streams of the classes that are asked for, and lives as long as is asked for', async () => {
    const { client, subscriptionId } = await subscribed(EventFilter.fromPartial({ types: ['billing.*'] }));
    const before = Date.now();
    const { streams, expireTime } = await client.createNatsCredential({ subscriptionId, lifetime: { seconds: 3_600n, nanos: 0 } });
    expect(streams).toEqual([eventStreams.billing]);
    expect(expireTime!.getTime()).toBeGreaterThan(before + 3_590_000);
    expect(expireTime!.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  test.each([0n, 59n, 366n * 86_400n + 1n, -1n])('cannot live for %i s', async (seconds) => {
    const { client, subscriptionId } = await subscribed();
    await expect(client.createNatsCredential({ subscriptionId, lifetime: { seconds, nanos: 0 } })).rejects.toEqual(code('request.invalid_argument'));
  });

  test("is not made for another account's subscription, nor for a webhook", async () => {
    const { subscriptionId } = await subscribed();
    const client = await service.client(newAccount());
    await expect(client.createNatsCredential({ subscriptionId, lifetime: undefined })).rejects.toEqual(code('not_found.subscription'));
    const hook = { kind: { $case: 'webhook', value: { url: 'https://hooks.example.com/' } } } as const;
    const { subscription } = await client.createSubscription(CreateSubscriptionRequest.fromPartial({ requestId: 'r', sink: hook }));
    const asked = client.createNatsCredential({ subscriptionId: subscription!.subscriptionId, lifetime: undefined });
    await expect(asked).rejects.toEqual(code('subscription.invalid_sink'));
  });
});
