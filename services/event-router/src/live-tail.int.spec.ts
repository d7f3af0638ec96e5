import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { newCallId, testCall } from './test-support/call-events.ts';
import { metricOf } from './test-support/metrics.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { streamOverGrpc, streamOverSse, streamOverWebSocket, type Received } from './test-support/subscribers.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let router: Router;
let token: string;

beforeAll(async () => {
  router = await routers.start();
  token = await keys.token();
});

const code = (code: string) => expect.objectContaining({ code });
const sequences = ({ events }: Received) => events.map((event) => Number(event.sequence));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const closeAll = (streams: readonly Received[]) => Promise.all(streams.map((stream) => stream.close()));

describe('clients that come while events do', () => {
  test('join the live tail without a gap or a repeat, from wherever they begin', async () => {
    const call = testCall(nats.bus);
    const first = streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] } });
    await first.open;
    const count = 400;
    const publishing = (async () => {
      for (let index = 0; index < count; index += 1) await call.publish('call');
    })();
    const later: Received[] = [];
    const beginnings: { readonly stream: Received; readonly from: number }[] = [];
    for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      await eventually(() => expect(first.events.length).toBeGreaterThan(count * share));
      const at = Math.floor(first.events.length * fc.sample(fc.double({ min: 0, max: 0.99, noNaN: true }), 1)[0]!);
      const { cursor } = first.events[at]!;
      for (const stream of [
        streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] }, cursor, maxEvents: 50 }),
        streamOverSse(router, token, { query: { call_id: call.callId, cursor } }),
        streamOverWebSocket(router, token, { call_id: call.callId, cursor }),
      ]) {
        later.push(stream);
        beginnings.push({ stream, from: at + 1 });
      }
    }
    await publishing;
    await eventually(() => expect(sequences(first)).toEqual(upTo(count)));
    for (const { stream, from } of beginnings) await eventually(() => expect(sequences(stream)).toEqual(upTo(count).slice(from)));
    await closeAll([first, ...later]);
  });

  test('from what is no longer in memory too', async () => {
    const forgetful = await routers.start({ RECENT_EVENTS: '20' });
    const call = testCall(nats.bus);
    const first = streamOverGrpc(forgetful.client(token), { filter: { callIds: [call.callId] } });
    await first.open;
    const begin = first.cursor();
    for (let index = 0; index < 150; index += 1) await call.publish('call');
    const publishing = (async () => {
      for (let index = 0; index < 150; index += 1) await call.publish('call');
    })();
    const streams = [
      streamOverGrpc(forgetful.client(token), { filter: { callIds: [call.callId] }, cursor: begin, maxEvents: 1_000 }),
      streamOverSse(forgetful, token, { query: { call_id: call.callId, cursor: begin } }),
    ];
    await publishing;
    for (const stream of [first, ...streams]) await eventually(() => expect(sequences(stream)).toEqual(upTo(300)));
    await closeAll([first, ...streams]);
    await forgetful.stop();
  });
});

describe('filters', () => {
  test('in the dialects of CloudEvents, over attributes of the event, the call and the data, are the same on each transport', async () => {
    const call = testCall(nats.bus, { call: { from: '+4930111', to: 'client:support-7' } });
    const other = testCall(nats.bus, { call: { from: '+4930111', to: 'client:sales' } });
    const filters = [{ prefix: { callto: 'client:support', callfrom: '+49' } }, { any: [{ suffix: { type: '.ringing' } }, { all: [{ exact: { 'data.leg_id': call.callId } }, { not: { prefix: { type: 'call.' } } }] }] }];
    const messages = [
      { dialect: { $case: 'prefix', value: { attributes: { callto: 'client:support', callfrom: '+49' } } } },
      {
        dialect: {
          $case: 'any',
          value: {
            filters: [
              { dialect: { $case: 'suffix', value: { attributes: { type: '.ringing' } } } },
              {
                dialect: {
                  $case: 'all',
                  value: {
                    filters: [
                      { dialect: { $case: 'exact', value: { attributes: { 'data.leg_id': call.callId } } } },
                      { dialect: { $case: 'not', value: { dialect: { $case: 'prefix', value: { attributes: { type: 'call.' } } } } } },
                    ],
                  },
                },
              },
            ],
          },
        },
      },
    ];
    const json = JSON.stringify(filters);
    const streams = [
      streamOverGrpc(router.client(token), { filter: { filters: messages as never } }),
      streamOverSse(router, token, { query: { filters: json } }),
      streamOverWebSocket(router, token, { filters: json }),
    ];
    await Promise.all(streams.map((stream) => stream.open));
    for (const one of [other, call]) {
      for (const type of ['call.ringing', 'call.text_received', 'app.order']) await one.publish('call', type);
      await one.publish('billing');
    }
    for (const stream of streams) {
      await eventually(() => expect(stream.events.map(({ type }) => type)).toEqual(['call.ringing', 'app.order']));
      expect(stream.events.every(({ id }) => id.startsWith(call.callId))).toBe(true);
    }
    await closeAll(streams);
  });

  test.each([
    ['an attribute that there is not', '[{"exact":{"data.nonsense":"x"}}]', 'filters[0].exact.data.nonsense'],
    ['absurd depth', `${'[{"not":'.repeat(1)}${'{"not":'.repeat(500)}{"exact":{"type":"x"}}${'}'.repeat(500)}}]`, 'filters[0]'],
    ['absurd size', JSON.stringify(Array.from({ length: 100 }, (_, index) => ({ exact: { subject: `s${index}` } }))), 'filter'],
  ])('of %s are refused with the position of the fault', async (_, filters, field) => {
    const refused = { status: 400, body: { code: 'subscription.invalid_filter', details: { violations: expect.arrayContaining([expect.objectContaining({ field: expect.stringContaining(field) })]) } } };
    expect(await streamOverSse(router, token, { query: { filters } }).ended).toMatchObject(refused);
    expect(await streamOverWebSocket(router, token, { filters }).ended).toMatchObject(refused);
  });

  test('of another stream do not go with its cursor', async () => {
    const stream = streamOverGrpc(router.client(token), { filter: { types: ['call.*'] } });
    await stream.open;
    await stream.close();
    const cursor = stream.cursor();
    expect(await streamOverGrpc(router.client(token), { filter: { types: ['billing.*'] }, cursor }).ended).toEqual(code('cursor.other_filter'));
    expect(await streamOverSse(router, token, { query: { cursor } }).ended).toMatchObject({ status: 400, body: { code: 'cursor.other_filter' } });
    // Written in another way it is the same filter.
    const same = streamOverSse(router, token, { query: { cursor, filters: '[{"prefix":{"type":"call."}}]' } });
    await same.open;
    await same.close();
  });
});

/** A client over SSE that reads nothing until it is told to. */
function pausedSse(at: Router, callId: string): { readonly socket: Socket; readonly text: () => string } {
  let text = '';
  const socket = connect({ host: '127.0.0.1', port: at.httpPort });
  socket.pause();
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  socket.write(`GET /v1/events?call_id=${callId} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
  return { socket, text: () => text };
}

describe('a live client that stops reading', () => {
  test('holds nobody up, is served from where it stood once it reads, and misses nothing', async () => {
    // Of the replicas in one process the last one that was started has the metrics.
    const own = await routers.start();
    const call = testCall(nats.bus, { text: 'x'.repeat(16_000) });
    const quick = streamOverSse(own, token, { query: { call_id: call.callId } });
    const { socket, text } = pausedSse(own, call.callId);
    await quick.open;
    await eventually(async () => expect(await metricOf(own, 'parley_delivery_clients', { transport: 'sse' })).toBe(2));
    const count = 700;
    for (let index = 0; index < count; index += 1) await call.publish('call');
    await eventually(() => expect(sequences(quick)).toEqual(upTo(count)));
    // The rest did not wait in this process for it.
    const handedOver = await metricOf(own, 'parley_delivery_events_total', { transport: 'sse' });
    expect(handedOver - count).toBeLessThan(count * 0.9);
    socket.resume();
    const ids = () => [...text().matchAll(/"id":"[^"]*-call-(\d+)"/g)].map(([, sequence]) => Number(sequence));
    await eventually(() => expect(ids()).toEqual(upTo(count)));
    await quick.close();
    socket.destroy();
    await own.stop();
  });
});

describe('a start', () => {
  const start = (kind: 'lookback' | 'beginning', seconds = 0) =>
    kind === 'lookback'
      ? { position: { $case: 'lookback', value: { seconds: BigInt(seconds), nanos: 0 } } as const }
      : { position: { $case: 'beginningOfCall', value: true } as const };

  test('at the beginning of a call brings all of it, to one who comes late', async () => {
    const call = testCall(nats.bus);
    for (const eventClass of ['call', 'reaction', 'billing', 'call'] as const) await call.publish(eventClass);
    const streams = [
      streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] }, start: start('beginning') }),
      streamOverSse(router, token, { query: { call_id: call.callId, start: 'beginning_of_call' } }),
      streamOverWebSocket(router, token, { call_id: call.callId, start: 'beginning_of_call' }),
    ];
    for (const stream of streams) await eventually(() => expect(stream.events).toHaveLength(4));
    await call.publish('call');
    for (const stream of streams) await eventually(() => expect(stream.events).toHaveLength(5));
    await closeAll(streams);
  });

  test('that looks back brings what was stored since', async () => {
    const call = testCall(nats.bus);
    const published = [await call.publish('call'), await call.publish('billing')];
    const streams = [
      streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] }, start: start('lookback', 60) }),
      streamOverSse(router, token, { query: { call_id: call.callId, start: '1m' } }),
    ];
    for (const stream of streams) await eventually(() => expect(new Set(stream.events.map(({ id }) => id))).toEqual(new Set(published.map(({ id }) => id))));
    const none = streamOverSse(router, token, { query: { call_id: call.callId, start: '0s' } });
    await none.open;
    await call.publish('call');
    await eventually(() => expect(none.events).toHaveLength(1));
    await closeAll([...streams, none]);
  });

  test('at the beginning of a call whose beginning is gone is refused, and so is one without a call', async () => {
    const callId = newCallId();
    const call = testCall(nats.bus, { callId });
    await call.publish('call');
    const { state } = await nats.bus.jsm.streams.info('CALL_EVENTS');
    await call.publish('call');
    await nats.bus.jsm.streams.purge('CALL_EVENTS', { seq: state.last_seq + 1 });
    const fresh = await routers.start();
    expect(await streamOverGrpc(fresh.client(token), { filter: { callIds: [callId] }, start: start('beginning') }).ended).toEqual(code('subscription.start_expired'));
    expect(await streamOverSse(fresh, token, { query: { call_id: callId, start: 'beginning_of_call' } }).ended).toEqual(code('subscription.start_expired'));
    expect(await streamOverSse(fresh, token, { query: { start: 'beginning_of_call' } }).ended).toMatchObject({ status: 400, body: { code: 'subscription.invalid_start' } });
    expect(await streamOverSse(fresh, token, { query: { start: '999h' } }).ended).toMatchObject({ status: 410, body: { code: 'subscription.start_expired' } });
    expect(await streamOverSse(fresh, token, { query: { start: 'yesterday' } }).ended).toMatchObject({ status: 400, body: { code: 'request.invalid_argument' } });
    await fresh.stop();
  });
});

describe('an account', () => {
  test('has so many streams on a replica, and no more', async () => {
    const strict = await routers.start({ STREAMS_PER_ACCOUNT: '2' });
    const streams = [streamOverGrpc(strict.client(token)), streamOverSse(strict, token)];
    await Promise.all(streams.map((stream) => stream.open));
    expect(await streamOverGrpc(strict.client(token)).ended).toEqual(code('subscription.too_many_streams'));
    expect(await streamOverWebSocket(strict, token).ended).toMatchObject({ status: 429, body: { code: 'subscription.too_many_streams' } });
    const others = streamOverGrpc(strict.client(await keys.token({ accountId: 'other' })));
    await others.open;
    await streams[0]!.close();
    const next = streamOverWebSocket(strict, token);
    await next.open;
    await closeAll([streams[1]!, others, next]);
    await strict.stop();
  });

  test('has no more either when they are opened at the same time', async () => {
    const strict = await routers.start({ STREAMS_PER_ACCOUNT: '2' });
    // Each waits for the broker before it begins.
    const start = { position: { $case: 'lookback', value: { seconds: 60n, nanos: 0 } } } as const;
    const streams = Array.from({ length: 8 }, () => streamOverGrpc(strict.client(token), { start }));
    const opened = await Promise.allSettled(streams.map(({ open }) => open));
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const one of opened) if (one.status === 'rejected') expect(one.reason).toEqual(code('subscription.too_many_streams'));
    await closeAll(streams);
    await strict.stop();
  });
});
