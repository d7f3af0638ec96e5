import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { downstreamDomain } from './permissions.ts';
import { type PreparedServer, ask, canSubscribe, prepareServer, streamSizes, take } from './server-for-test.ts';

const streams = { CALL_EVENTS: 'call', REACTION_EVENTS: 'reaction', BILLING_EVENTS: 'billing' };
const eventsEach = 3;

// Servers write acknowledgement subjects in one of two forms; the permissions have to serve both.
describe.each([
  { form: 'v1, the default', extraConfig: '' },
  { form: 'v2', extraConfig: 'feature_flags { js_ack_fc_v2: true }' },
])('a downstream service (acknowledgements in form $form)', ({ extraConfig }) => {
  let server: PreparedServer;
  let platform: NatsConnection;
  let acme: NatsConnection;
  const consumer = (stream: string, name: string) =>
    jetstream(acme, { domain: downstreamDomain }).consumers.get(stream, name);

  beforeAll(async () => {
    server = await prepareServer(extraConfig);
    platform = await server.as('platform');
    acme = await server.as('downstream-acme');
    const manager = await jetstreamManager(platform);
    for (const [stream, eventClass] of Object.entries(streams)) {
      for (const account of ['acme', 'globex']) {
        await manager.consumers.add(stream, {
          durable_name: `downstream-${account}`,
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
    const own = await consumer(stream, 'downstream-acme');
    const messages = await take(own, eventsEach);
    expect(messages.map((message) => message.string())).toEqual(['acme 0', 'acme 1', 'acme 2']);
    for (const message of messages) expect(await message.ackAck()).toBe(true);
    expect(await own.info()).toMatchObject({ num_ack_pending: 0, ack_floor: { consumer_seq: eventsEach } });
  });

  test('has the other answers to a message too: not now, still at it, never', async () => {
    await jetstream(platform).publish('evt.call.09.acme', 'once more');
    const own = await consumer('CALL_EVENTS', 'downstream-acme');
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
      ...bothForms('CONSUMER.INFO.CALL_EVENTS.downstream-globex'),
      ...bothForms('CONSUMER.MSG.NEXT.CALL_EVENTS.downstream-globex'),
      ...bothForms('CONSUMER.DELETE.CALL_EVENTS.downstream-globex'),
      '$JS.ACK.CALL_EVENTS.downstream-globex.1.2.1.1.0',
      '$JS.ACK._.nb311ecm.CALL_EVENTS.downstream-globex.1.2.1.1.0',
      // Of the right length to be taken for the old form, with the tokens of the new one.
      '$JS.ACK.CALL_EVENTS.downstream-globex.CALL_EVENTS.downstream-acme.1.2.1.1.0.1.1',
      '$JS.ACK.CALL_EVENTS.downstream-globex.CALL_EVENTS.downstream-acme.1.2.1',
    ]);
    expect(permitted).toEqual([]);
    const globex = await (await jetstreamManager(platform)).consumers.info('CALL_EVENTS', 'downstream-globex');
    expect(globex).toMatchObject({ num_pending: eventsEach, num_ack_pending: 0, delivered: { consumer_seq: 0 } });
  });

  test('can neither publish, nor read by other ways, nor change anything', async () => {
    const before = await streamSizes(platform);
    const permitted = await notRefused(acme, [
      'evt.call.07.acme',
      'evt.call.07.globex',
      'ledger.acme',
      'sub.acme',
      'cmd.router.call-router-1',
      '$KV.devices.acme',
      ...bothForms('INFO'),
      ...bothForms('STREAM.INFO.CALL_EVENTS'),
      ...bothForms('STREAM.NAMES'),
      ...bothForms('STREAM.DELETE.CALL_EVENTS'),
      ...bothForms('STREAM.MSG.GET.CALL_EVENTS'),
      ...bothForms('DIRECT.GET.CALL_EVENTS'),
      ...bothForms('DIRECT.GET.CALL_EVENTS.evt.call.00.acme'),
      ...bothForms('CONSUMER.CREATE.CALL_EVENTS'),
      ...bothForms('CONSUMER.CREATE.CALL_EVENTS.downstream-acme.evt.call.*.acme'),
      ...bothForms('CONSUMER.DELETE.CALL_EVENTS.downstream-acme'),
      ...bothForms('CONSUMER.INFO.LEDGER.downstream-acme'),
      ...bothForms('CONSUMER.MSG.NEXT.SUBSCRIPTIONS.downstream-acme'),
    ]);
    expect(permitted).toEqual([]);
    for (const subject of ['>', 'evt.>', '$JS.>', '_INBOX_globex.>', '_INBOX_billing.>', 'ledger.>']) {
      expect({ subject, permitted: await canSubscribe(acme, subject) }).toEqual({ subject, permitted: false });
    }
    expect(await streamSizes(platform)).toEqual(before);
  });

  test('cannot have replies stored as events: they stay in its own NATS account', async () => {
    const before = await streamSizes(platform);
    await jetstream(platform).publish('evt.call.08.acme', 'bait');
    for (const reply of ['evt.call.07.globex', 'evt.billing.07.globex', 'ledger.globex', 'sub.globex']) {
      acme.publish(`$JS.${downstreamDomain}.API.CONSUMER.INFO.CALL_EVENTS.downstream-acme`, '', { reply });
      acme.publish(
        `$JS.${downstreamDomain}.API.CONSUMER.MSG.NEXT.CALL_EVENTS.downstream-acme`,
        JSON.stringify({ batch: 1, expires: 50_000_000 }),
        { reply },
      );
    }
    await acme.flush();
    await (await consumer('CALL_EVENTS', 'downstream-acme')).info(); // answered after all of the above
    expect(await streamSizes(platform)).toEqual({ ...before, CALL_EVENTS: (before['CALL_EVENTS'] ?? 0) + 1 });
  });
});

/** A request to JetStream as a downstream service sees it, and as Parley's own account does. */
function bothForms(request: string): string[] {
  return [`$JS.${downstreamDomain}.API.${request}`, `$JS.API.${request}`];
}

async function notRefused(connection: NatsConnection, subjects: readonly string[]): Promise<string[]> {
  const permitted: string[] = [];
  for (const subject of subjects) if ((await ask(connection, subject)) !== 'refused') permitted.push(subject);
  return permitted;
}
