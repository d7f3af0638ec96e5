import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAccount } from '@nats-io/jwt';
import { AckPolicy, type ConsumerInfo, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { AuthorizationError, type NatsConnection, UserAuthenticationExpiredError, headers } from '@nats-io/transport-node';
import { downstreamDomain } from './permissions.ts';
import {
  type CredentialOptions,
  type Credentials,
  type PreparedServer,
  ask,
  canSubscribe,
  downstreamCredentials,
  prepareServer,
  streamSizes,
  take,
} from './server-for-test.ts';

const streams = { CALL_EVENTS: 'call', REACTION_EVENTS: 'reaction', BILLING_EVENTS: 'billing' };
const eventsEach = 3;
// What another account's consumer is called nobody knows outside of it. Here all is tried as if it had come out.
const consumers = { acme: 'downstream-acme-sub-1', globex: 'downstream-globex-sub-2' };

// Servers write acknowledgement subjects in one of two forms; the permissions have to serve both.
describe.each([
  { form: 'v1, the default', extraConfig: '' },
  { form: 'v2', extraConfig: 'feature_flags { js_ack_fc_v2: true }' },
])('a downstream service (acknowledgements in form $form)', ({ extraConfig }) => {
  let server: PreparedServer;
  let platform: NatsConnection;
  let credentials: Record<keyof typeof consumers, Credentials>;
  let acme: NatsConnection;
  const consumer = (stream: string) => jetstream(acme, { domain: downstreamDomain }).consumers.get(stream, consumers.acme);
  const consumerOf = async (stream: string, name: string): Promise<ConsumerInfo> => (await jetstreamManager(platform)).consumers.info(stream, name);

  beforeAll(async () => {
    server = await prepareServer(extraConfig);
    platform = await server.as('platform');
    // From here on the server is running, and told nothing.
    credentials = {
      acme: await downstreamCredentials(server.keys, consumers.acme),
      globex: await downstreamCredentials(server.keys, consumers.globex),
    };
    acme = await server.with(credentials.acme);
    const manager = await jetstreamManager(platform);
    for (const [stream, eventClass] of Object.entries(streams)) {
      for (const account of ['acme', 'globex'] as const) {
        await manager.consumers.add(stream, {
          durable_name: consumers[account],
          ack_policy: AckPolicy.Explicit,
          filter_subject: `evt.${eventClass}.*.${account}`,
        });
        for (let i = 0; i < eventsEach; i++) {
          await jetstream(platform).publish(`evt.${eventClass}.0${i}.${account}`, `${account} ${i}`);
        }
      }
    }
  });
  afterAll(() => server.stop());

  test.each(Object.keys(streams))('fetches and acknowledges its own events of %s', async (stream) => {
    const own = await consumer(stream);
    const messages = await take(own, eventsEach);
    expect(messages.map((message) => message.string())).toEqual(['acme 0', 'acme 1', 'acme 2']);
    for (const message of messages) expect(await message.ackAck()).toBe(true);
    expect(await own.info()).toMatchObject({ num_ack_pending: 0, ack_floor: { consumer_seq: eventsEach } });
  });

  test('has the other answers to a message too: not now, still at it, never', async () => {
    await jetstream(platform).publish('evt.call.09.acme', 'once more');
    const own = await consumer('CALL_EVENTS');
    const first = await own.next();
    first?.nak();
    const second = await own.next();
    expect(second?.info).toMatchObject({ redelivered: true, streamSequence: first?.seq });
    second?.working();
    second?.term();
    await acme.flush();
    expect((await own.info()).num_ack_pending).toBe(0);
  });

  test("can do nothing with another account's consumer", async () => {
    const permitted = await notRefused(acme, [
      ...Object.keys(streams).flatMap((stream) => [
        ...bothForms(`CONSUMER.INFO.${stream}.${consumers.globex}`),
        ...bothForms(`CONSUMER.INFO.${stream}.*`),
        ...bothForms(`CONSUMER.MSG.NEXT.${stream}.${consumers.globex}`),
        ...bothForms(`CONSUMER.MSG.NEXT.${stream}.*`),
        `$JS.ACK.${stream}.${consumers.globex}.1.2.1.1.0`,
        `$JS.ACK._.nb311ecm.${stream}.${consumers.globex}.1.2.1.1.0`,
      ]),
      // Of the right length to be taken for the old form, with the tokens of the new one.
      `$JS.ACK.CALL_EVENTS.${consumers.globex}.CALL_EVENTS.${consumers.acme}.1.2.1.1.0.1.1`,
      `$JS.ACK.CALL_EVENTS.${consumers.globex}.CALL_EVENTS.${consumers.acme}.1.2.1`,
    ]);
    expect(permitted).toEqual([]);
    expect(await consumerOf('CALL_EVENTS', consumers.globex)).toMatchObject(untouched);
  });

  test('can use none of the rest of the JetStream API', async () => {
    const before = await streamSizes(platform);
    expect(await notRefused(acme, otherRequests(consumers.acme).flatMap(bothForms))).toEqual([]);
    expect(await streamSizes(platform)).toEqual(before);
  });

  test('can neither publish nor listen', async () => {
    const before = await streamSizes(platform);
    const permitted = await notRefused(acme, [
      'evt.call.07.acme',
      'evt.call.07.globex',
      'ledger.acme',
      'sub.acme.sub-1',
      'cmd.router.call-router-1',
      '$KV.devices.acme',
      '$JS.FC.CALL_EVENTS.x.y',
      '$SYS.REQ.SERVER.PING',
      '$SYS.REQ.CLAIMS.UPDATE',
      `${credentials.acme.inboxPrefix}.x`,
      `${credentials.globex.inboxPrefix}.x`,
      'anything',
    ]);
    expect(permitted).toEqual([]);
    for (const subject of ['>', '*.>', 'evt.>', '$JS.>', '$SYS.>', 'ledger.>', '_INBOX.>', '_INBOX_billing.>', '_R_.>', `${credentials.globex.inboxPrefix}.>`]) {
      expect({ subject, permitted: await canSubscribe(acme, subject) }).toEqual({ subject, permitted: false });
    }
    expect(await streamSizes(platform)).toEqual(before);
  });

  describe('cannot have an answer delivered where it may not publish', () => {
    /** Requests that it may make, each of which is answered: with an event, with JSON, with an empty message. */
    const requests = (stream: string) => {
      const next = `$JS.${downstreamDomain}.API.CONSUMER.MSG.NEXT.${stream}.${consumers.acme}`;
      return [
        { subject: next, payload: JSON.stringify({ batch: 1, no_wait: true }) },
        { subject: next, payload: JSON.stringify({ batch: 1, no_wait: true }) },
        { subject: `$JS.${downstreamDomain}.API.CONSUMER.INFO.${stream}.${consumers.acme}`, payload: '' },
      ];
    };
    const replyTo = async (reply: string, stream = 'CALL_EVENTS') => {
      await jetstream(platform).publish(`evt.${streams[stream as keyof typeof streams]}.08.acme`, '');
      const before = await streamSizes(platform);
      for (const { subject, payload } of requests(stream)) {
        acme.publish(subject, payload, { reply });
        const header = headers();
        header.set('Nats-Trace-Dest', reply);
        acme.publish(subject, payload, { headers: header });
      }
      await acme.flush();
      // Answered after all of the above.
      await (await consumer(stream)).info();
      await platform.flush();
      return { before, after: await streamSizes(platform) };
    };

    test.each(['evt.call.07.globex', 'evt.billing.07.globex', 'ledger.globex', 'sub.globex.sub-2', '$KV.devices.globex', '$KV.leases-billing.p01'])(
      'stored as %s',
      async (reply) => {
        const { before, after } = await replyTo(reply);
        expect(after).toEqual(before);
      },
    );

    // The reason for the account: among services, which share one, permissions do not prevent it.
    test('which within one NATS account would be stored', async () => {
      const service = await server.as('recognition');
      const before = await streamSizes(platform);
      service.publish(`$JS.API.CONSUMER.INFO.CALL_EVENTS.${consumers.acme}`, '', { reply: 'evt.billing.07.globex' });
      await service.flush();
      await jetstreamManager(service, { checkAPI: false }).then(({ consumers: api }) => api.info('CALL_EVENTS', consumers.acme));
      expect(await streamSizes(platform)).toEqual({ ...before, BILLING_EVENTS: before['BILLING_EVENTS']! + 1 });
    });

    test.each(Object.keys(streams))("as the acknowledgement of another account's event, or as a request in its name, of %s", async (stream) => {
      const globex = await server.with(credentials.globex);
      const theirs = await jetstream(globex, { domain: downstreamDomain }).consumers.get(stream, consumers.globex);
      const [message] = await take(theirs, 1);
      const before = await consumerOf(stream, consumers.globex);
      const { streamSequence, deliverySequence } = message!.info;
      const counters = `1.${streamSequence}.${deliverySequence}.1.1`;
      for (const from of Object.keys(streams)) {
        for (const reply of [
          `$JS.ACK.${stream}.${consumers.globex}.${counters}`,
          `$JS.ACK._.x.${stream}.${consumers.globex}.${counters}`,
          `$JS.${downstreamDomain}.API.CONSUMER.MSG.NEXT.${stream}.${consumers.globex}`,
          `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumers.globex}`,
          `$JS.API.CONSUMER.DELETE.${stream}.${consumers.globex}`,
        ]) {
          await replyTo(reply, from);
        }
      }
      const { num_ack_pending, ack_floor, delivered } = await consumerOf(stream, consumers.globex);
      expect({ num_ack_pending, ack_floor, delivered: delivered.consumer_seq }).toEqual({
        num_ack_pending: before.num_ack_pending,
        ack_floor: before.ack_floor,
        delivered: before.delivered.consumer_seq,
      });
      expect(await message!.ackAck()).toBe(true);
    });
  });
});

describe('a credential', () => {
  let server: PreparedServer;
  const nowS = () => Math.floor(Date.now() / 1_000);
  beforeAll(async () => {
    server = await prepareServer();
  });
  afterAll(() => server.stop());

  test('ends with its expiry, on a live connection too', async () => {
    const credentials = await downstreamCredentials(server.keys, consumers.acme, { expireTimeS: nowS() + 6 });
    const connection = await server.with(credentials);
    expect(await connection.closed().catch((error: unknown) => error)).toBeInstanceOf(UserAuthenticationExpiredError);
  });

  test.each<[string, CredentialOptions | 'parley']>([
    ['that has expired', { expireTimeS: nowS() - 1 }],
    ['signed by a key that is none of the account', { signer: createAccount() }],
    ['of an account that is unknown', { account: createAccount(), signer: createAccount() }],
    ["of Parley's own account", 'parley'],
    ['that states its own permissions', { claims: { pub: { allow: ['>'] }, sub: { allow: ['>'] } } }],
    ['that states its own limits', { claims: { subs: -1, data: -1, payload: -1 } }],
  ])('%s is refused', async (_name, options) => {
    const forged = options === 'parley' ? { account: server.keys.parley } : options;
    const credentials = await downstreamCredentials(server.keys, consumers.acme, forged);
    await expect(server.with(credentials)).rejects.toBeInstanceOf(AuthorizationError);
  });

  test('has an inbox that no other credential may listen to, not even one for the same consumer', async () => {
    const [one, other] = await Promise.all([downstreamCredentials(server.keys, consumers.acme), downstreamCredentials(server.keys, consumers.acme)]);
    const connection = await server.with(one);
    expect(await canSubscribe(connection, `${one.inboxPrefix}.>`)).toBe(true);
    expect(await canSubscribe(connection, `${other.inboxPrefix}.>`)).toBe(false);
  });
});

/** As a consumer is of which nobody has fetched. */
const untouched = { num_pending: eventsEach, num_ack_pending: 0, delivered: { consumer_seq: 0 } };

/** Every request of JetStream's API but those that a downstream service may make, by the names in nats-server 2.15. */
function otherRequests(consumer: string): string[] {
  return [
    'INFO',
    'META.LEADER.STEPDOWN',
    'META.RESCUE',
    'SERVER.REMOVE',
    'SERVER.EVACUATE',
    'ACCOUNT.PURGE.PARLEY',
    'ACCOUNT.STREAM.MOVE.PARLEY.CALL_EVENTS',
    'ACCOUNT.STREAM.CANCEL_MOVE.PARLEY.CALL_EVENTS',
    'STREAM.NAMES',
    'STREAM.LIST',
    ...['CREATE', 'UPDATE', 'INFO', 'DELETE', 'PURGE', 'MSG.GET', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE', 'PEER.REMOVE', 'PEER.EVACUATE', 'LEADER.STEPDOWN', 'CANCEL_MOVE'].map(
      (request) => `STREAM.${request}.CALL_EVENTS`,
    ),
    'DIRECT.GET.CALL_EVENTS',
    'DIRECT.GET.CALL_EVENTS.evt.call.00.acme',
    'CONSUMER.CREATE.CALL_EVENTS',
    `CONSUMER.CREATE.CALL_EVENTS.${consumer}`,
    `CONSUMER.CREATE.CALL_EVENTS.${consumer}.evt.call.*.acme`,
    'CONSUMER.NAMES.CALL_EVENTS',
    'CONSUMER.LIST.CALL_EVENTS',
    ...['DURABLE.CREATE', 'DELETE', 'PAUSE', 'RESET', 'UNPIN', 'LEADER.STEPDOWN', 'PEER.REMOVE', 'PEER.EVACUATE'].map(
      (request) => `CONSUMER.${request}.CALL_EVENTS.${consumer}`,
    ),
    ...['LEDGER', 'SUBSCRIPTIONS', 'KV_devices'].flatMap((stream) => [
      `CONSUMER.INFO.${stream}.${consumer}`,
      `CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      `STREAM.INFO.${stream}`,
    ]),
  ];
}

/** A request to JetStream as a downstream service sees it, and as Parley's own account does. */
function bothForms(request: string): string[] {
  return [`$JS.${downstreamDomain}.API.${request}`, `$JS.API.${request}`];
}

async function notRefused(connection: NatsConnection, subjects: readonly string[]): Promise<string[]> {
  const permitted: string[] = [];
  for (const subject of subjects) if ((await ask(connection, subject)) !== 'refused') permitted.push(subject);
  return permitted;
}
