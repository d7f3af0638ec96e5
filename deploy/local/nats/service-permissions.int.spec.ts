import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type SeqMsgRequest, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type PreparedServer, ask, canSubscribe, isRefusal, prepareServer, take } from './server-for-test.ts';

// Written out here and not read from roles.ts: the table is what is tested.
const services = ['call-router', 'event-router', 'subscription', 'recognition', 'billing'] as const;
type Service = (typeof services)[number];

const publishers: Record<string, readonly Service[]> = {
  'evt.call.07.acme': ['call-router'],
  'evt.reaction.07.acme': ['recognition'],
  'evt.billing.07.acme': ['billing'],
  'evt.video.07.acme': [],
  'ledger.acme': ['billing'],
  'sub.acme': ['subscription'],
  'cmd.router.call-router-2': ['call-router'],
  'cmd.other.call-router-2': [],
};
const readers: Record<string, readonly Service[]> = {
  CALL_EVENTS: ['event-router', 'recognition', 'billing'],
  REACTION_EVENTS: ['event-router', 'billing'],
  BILLING_EVENTS: ['call-router', 'event-router', 'billing'],
  SUBSCRIPTIONS: ['event-router'],
  LEDGER: [],
  FINDINGS: [],
};
const bucketOwners: Record<string, Service> = {
  'leases-call-router': 'call-router',
  'leases-event-router': 'event-router',
  'leases-recognition': 'recognition',
  'leases-billing': 'billing',
  devices: 'call-router',
};

let server: PreparedServer;
let connections: Record<Service | 'platform', NatsConnection>;

beforeAll(async () => {
  server = await prepareServer();
  connections = {
    platform: await server.as('platform'),
    'call-router': await server.as('call-router'),
    'event-router': await server.as('event-router'),
    subscription: await server.as('subscription'),
    recognition: await server.as('recognition'),
    billing: await server.as('billing'),
  };
  const js = jetstream(connections.platform);
  for (const partition of ['01', '02', '03']) {
    for (const account of ['acme', 'globex']) {
      for (const name of ['call', 'reaction', 'billing']) await js.publish(`evt.${name}.${partition}.${account}`);
    }
  }
  for (let i = 0; i < 6; i++) await js.publish('sub.acme');
});
afterAll(() => server.stop());

describe.each(services)('%s', (service) => {
  const own = (table: Record<string, readonly Service[]>) =>
    Object.keys(table).filter((key) => table[key]?.includes(service));

  test('publishes its own events and no others', async () => {
    const outcomes = await Promise.all(
      Object.keys(publishers).map(async (subject) => [subject, await ask(connections[service], subject)] as const),
    );
    const permitted = outcomes.filter(([, outcome]) => outcome !== 'refused').map(([subject]) => subject);
    expect(permitted).toEqual(own(publishers));
    for (const subject of permitted.filter((name) => !name.startsWith('cmd.'))) {
      await expect(jetstream(connections[service]).publish(subject, '', { msgID: service })).resolves.toBeDefined();
    }
  });

  test('reads its streams, with one filter, several or none, and no others', async () => {
    const permitted: string[] = [];
    for (const stream of Object.keys(readers)) {
      try {
        await readInEachWay(connections[service], stream);
        permitted.push(stream);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
    expect(permitted).toEqual(own(readers));
  });

  test('uses its buckets in every way, and no others', async () => {
    const permitted: string[] = [];
    for (const bucket of Object.keys(bucketOwners)) {
      const kv = await new Kvm(jetstream(connections[service])).open(bucket);
      try {
        await useInEachWay(kv, service);
        permitted.push(bucket);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
      if (permitted.includes(bucket)) continue;
      await expectRefusals(connections[service], [
        `$KV.${bucket}.key`,
        `$JS.API.STREAM.INFO.KV_${bucket}`,
        `$JS.API.STREAM.MSG.GET.KV_${bucket}`,
        `$JS.API.DIRECT.GET.KV_${bucket}`,
        `$JS.API.DIRECT.GET.KV_${bucket}.$KV.${bucket}.key`,
        `$JS.API.CONSUMER.CREATE.KV_${bucket}`,
        `$JS.API.CONSUMER.CREATE.KV_${bucket}.name.$KV.${bucket}.>`,
      ]);
    }
    expect(permitted).toEqual(Object.keys(bucketOwners).filter((bucket) => bucketOwners[bucket] === service));
  });

  test('changes no stream and lists nothing', async () => {
    await expectRefusals(connections[service], [
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.CREATE.MINE',
      ...['CALL_EVENTS', 'LEDGER', 'SUBSCRIPTIONS', 'KV_leases-billing', 'KV_leases-call-router'].flatMap((stream) => [
        `$JS.API.STREAM.UPDATE.${stream}`,
        `$JS.API.STREAM.DELETE.${stream}`,
        `$JS.API.STREAM.PURGE.${stream}`,
        `$JS.API.STREAM.MSG.DELETE.${stream}`,
        `$JS.API.STREAM.SNAPSHOT.${stream}`,
        `$JS.API.CONSUMER.NAMES.${stream}`,
      ]),
      '$JS.ACK.CALL_EVENTS.downstream-acme.1.1.1.1.1',
      '$SYS.REQ.SERVER.PING',
      '_INBOX_platform.forged',
    ]);
  });

  test('hears its own inbox only', async () => {
    const connection = connections[service];
    expect(await canSubscribe(connection, `_INBOX_${service}.>`)).toBe(true);
    for (const subject of ['>', '_INBOX_platform.>', 'evt.>', '$KV.>', '$JS.>', 'ledger.>', '*.*']) {
      expect({ subject, permitted: await canSubscribe(connection, subject) }).toEqual({ subject, permitted: false });
    }
    expect(await canSubscribe(connection, 'cmd.router.*')).toBe(service === 'call-router');
  });
});

test('call routers ask and answer each other', async () => {
  const peer = await server.as('call-router');
  peer.subscribe('cmd.router.call-router-2', { callback: (_error, message) => void message.respond('done') });
  await peer.flush();
  expect(await ask(connections['call-router'], 'cmd.router.call-router-2')).toEqual({ answer: 'done' });
});

describe('the subscription service provisions downstream consumers', () => {
  test('asks about one of any account', async () => {
    const { consumers } = await jetstreamManager(connections.subscription);
    await expect(consumers.info('CALL_EVENTS', 'downstream-unlisted')).rejects.toThrow('consumer not found');
  });

  const forAcme: Partial<ConsumerConfig> = {
    durable_name: 'downstream-acme',
    ack_policy: AckPolicy.Explicit,
    filter_subject: 'evt.call.*.acme',
  };

  test('makes, changes, asks about and removes one', async () => {
    const { consumers } = await jetstreamManager(connections.subscription);
    await consumers.add('CALL_EVENTS', forAcme);
    await consumers.update('CALL_EVENTS', 'downstream-acme', { description: 'changed' });
    expect((await consumers.info('CALL_EVENTS', 'downstream-acme')).config).toMatchObject({ description: 'changed' });
    expect(await consumers.delete('CALL_EVENTS', 'downstream-acme')).toBe(true);
  });
});

test('the subscription service measures the event streams and finds what it published last', async () => {
  const { streams } = await jetstreamManager(connections.subscription);
  for (const stream of ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS']) {
    expect((await streams.info(stream)).state.last_seq).toBeGreaterThanOrEqual(6);
  }
  expect(await streams.getMessage('SUBSCRIPTIONS', { last_by_subj: 'sub.acme' })).not.toBeNull();
  await expectRefusals(connections.subscription, ['$JS.API.STREAM.INFO.LEDGER', '$JS.API.STREAM.MSG.GET.CALL_EVENTS']);
});

test('the subscription service finds where a time stands in the event streams and the next messages of a subject, and nowhere else', async () => {
  const { direct } = await jetstreamManager(connections.subscription);
  for (const [stream, eventClass] of [['CALL_EVENTS', 'call'], ['REACTION_EVENTS', 'reaction'], ['BILLING_EVENTS', 'billing']] as const) {
    expect(await direct.getMessage(stream, { start_time: new Date(0) })).not.toBeNull();
    const next = await direct.getBatch(stream, { seq: 1, next_by_subj: `evt.${eventClass}.*.acme`, batch: 1 });
    for await (const message of next) expect(message.subject).toMatch(/\.acme$/);
  }
  await expectRefusals(connections.subscription, ['$JS.API.DIRECT.GET.LEDGER', '$JS.API.DIRECT.GET.CALL_EVENTS.evt.call.01.acme', '$JS.API.STREAM.MSG.GET.CALL_EVENTS']);
  await expectRefusals(connections['call-router'], ['$JS.API.DIRECT.GET.CALL_EVENTS']);
});

test('the event-router finds the next message of a subject behind a sequence', async () => {
  const { streams } = await jetstreamManager(connections['event-router']);
  for (const [stream, next_by_subj] of [['CALL_EVENTS', 'evt.call.*.acme'], ['SUBSCRIPTIONS', 'sub.>']] as const) {
    const query: SeqMsgRequest & { next_by_subj: string } = { seq: 1, next_by_subj };
    expect(await streams.getMessage(stream, query)).not.toBeNull();
  }
  await expectRefusals(connections['event-router'], ['$JS.API.STREAM.MSG.GET.LEDGER']);
});

test('the subscription service makes consumers for the events of a class by account, and reads from none', async () => {
  const connection = connections.subscription;
  const create = '$JS.API.CONSUMER.CREATE.CALL_EVENTS';
  await expectRefusals(connection, [
    create,
    `${create}.downstream-acme`,
    `${create}.downstream-acme.evt.call.>`,
    `${create}.downstream-acme.evt.billing.*.acme`,
    '$JS.API.CONSUMER.DURABLE.CREATE.CALL_EVENTS.downstream-acme',
    '$JS.API.CONSUMER.CREATE.LEDGER.downstream-acme.ledger.acme',
    '$JS.API.CONSUMER.CREATE.SUBSCRIPTIONS.downstream-acme.sub.*.acme',
    '$JS.API.CONSUMER.DELETE.LEDGER.downstream-acme',
    '$JS.API.CONSUMER.MSG.NEXT.CALL_EVENTS.downstream-acme',
  ]);
  const allEvents = { durable_name: 'downstream-acme', ack_policy: 'explicit', filter_subject: 'evt.call.>' };
  expect(
    await ask(
      connection,
      `${create}.downstream-acme.evt.call.*.acme`,
      JSON.stringify({ stream_name: 'CALL_EVENTS', config: allEvents }),
    ),
  ).toEqual({ answer: expect.stringContaining('did not match filtered subject') });
});

async function readInEachWay(connection: NatsConnection, stream: string): Promise<void> {
  const { consumers } = jetstream(connection);
  const subject = { CALL_EVENTS: 'evt.call', REACTION_EVENTS: 'evt.reaction', BILLING_EVENTS: 'evt.billing' }[stream];
  const filters = subject === undefined ? undefined : [`${subject}.01.*`, `${subject}.02.*`];
  const all = await consumers.get(stream, { deliver_policy: DeliverPolicy.All });
  expect(await take(all, 6)).toHaveLength(6);
  const fromPosition = await consumers.get(stream, { opt_start_seq: 2, deliver_policy: DeliverPolicy.StartSequence });
  expect((await take(fromPosition, 1))[0]?.seq).toBe(2);
  if (filters === undefined) return;
  const one = await consumers.get(stream, { filter_subjects: filters[0] as string });
  expect(await take(one, 2)).toHaveLength(2);
  const several = await consumers.get(stream, { filter_subjects: filters });
  expect((await take(several, 4)).map((message) => message.seq)).toEqual([1, 2, 3, 4]);
  expect((await (await jetstream(connection).streams.get(stream)).info()).config.name).toBe(stream);
  expect(await several.delete()).toBe(true);
}

async function useInEachWay(kv: KV, key: string): Promise<void> {
  await kv.create(key, 'mine', '60s');
  const revision = (await kv.get(key))?.revision as number;
  await kv.update(key, 'still mine', revision);
  await expect(kv.update(key, 'too late', revision)).rejects.toThrow('wrong last sequence');

  const watch = await kv.watch();
  for await (const entry of watch) if (entry.key === key) break;
  const keys: string[] = [];
  for await (const name of await kv.keys()) keys.push(name);
  expect(keys).toContain(key);
  expect((await kv.status()).values).toBeGreaterThan(0);
  await kv.delete(key);
  expect((await kv.get(key))?.operation).toBe('DEL');
}

async function expectRefusals(connection: NatsConnection, subjects: readonly string[]): Promise<void> {
  const outcomes = await Promise.all(
    subjects.map(async (subject) => [subject, await ask(connection, subject)] as const),
  );
  expect(outcomes.filter(([, outcome]) => outcome !== 'refused')).toEqual([]);
}
