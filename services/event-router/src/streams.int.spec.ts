import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventStreams } from '@parley/bus';
import { readCursorCodec, type CursorCodec } from '@parley/cursor';
import { EventServiceService } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { newCallId, testCall } from './test-support/call-events.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { type HttpError, streamOverGrpc, streamOverSse, streamOverWebSocket, type Received } from './test-support/subscribers.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let router: Router;
let token: string;
let codec: CursorCodec;

beforeAll(async () => {
  router = await routers.start();
  token = await keys.token();
  codec = await readCursorCodec(keys.cursorKeyFile, Object.values(eventStreams));
});

const code = (code: string) => expect.objectContaining({ code });
const ids = ({ events }: Received) => events.map((event) => event.id);
const has = (received: Received, count: number) => eventually(() => expect(received.events).toHaveLength(count));

describe.each(['grpc', 'sse', 'websocket'] as const)('a stream over %s', (transport) => {
  const stream = (filter: Record<string, readonly string[]> = {}, cursor = ''): Received => {
    if (transport === 'grpc') return streamOverGrpc(router.client(token), { filter: rename(filter), cursor });
    const query = Object.fromEntries(Object.entries(filter).map(([name, values]) => [name, values.join(',')]));
    if (transport === 'websocket') return streamOverWebSocket(router, token, { ...query, ...(cursor === '' ? {} : { cursor }) });
    return streamOverSse(router, token, { query, headers: cursor === '' ? {} : { 'last-event-id': cursor } });
  };
  const withToken = (given: string | undefined): Received => {
    if (transport === 'grpc') return streamOverGrpc(router.client(given ?? ''));
    return transport === 'sse' ? streamOverSse(router, given) : streamOverWebSocket(router, given);
  };
  const rename = ({ types = [], call_id = [], from = [], to = [], direction = [] }: Record<string, readonly string[]>) => ({
    types: [...types],
    callIds: [...call_id],
    from: [...from],
    to: [...to],
    directions: [...direction],
  });

  test('has what comes from now on, of every class, in order per source', async () => {
    const call = testCall(nats.bus);
    // What the router has not seen yet is still to come for it.
    const earlier = stream({ call_id: [call.callId] });
    await earlier.open;
    await call.publish('call');
    await has(earlier, 1);
    await earlier.close();
    const received = stream();
    await received.open;
    const published = [];
    for (const eventClass of ['call', 'reaction', 'call', 'billing', 'reaction', 'call', 'billing'] as const) published.push(await call.publish(eventClass));
    await has(received, published.length);
    for (const source of new Set(published.map((event) => event.source))) {
      const of = (events: readonly { source: string; id: string }[]) => events.filter((event) => event.source === source).map((event) => event.id);
      expect(of(received.events)).toEqual(of(published));
    }
    await received.close();
  });

  test('has what the filter lets through, and a heartbeat moves the cursor past the rest', async () => {
    const [wanted, other] = [testCall(nats.bus, { call: { from: 'client:carol' } }), testCall(nats.bus)];
    const received = stream({ types: ['app.*', 'call.ringing'], call_id: [wanted.callId], from: ['client:carol'], direction: ['inbound'] });
    await received.open;
    await wanted.publish('call', 'call.ringing');
    await wanted.publish('call', 'call.text_received');
    await other.publish('call', 'call.ringing');
    await wanted.publish('call', 'app.order.paid');
    await wanted.publish('billing');
    await has(received, 2);
    expect(received.events.map((event) => event.type)).toEqual(['call.ringing', 'app.order.paid']);

    const before = received.cursor();
    await other.publish('call');
    const { state } = await nats.bus.jsm.streams.info(eventStreams.call);
    await eventually(() => expect(received.cursor()).not.toBe(before));
    await eventually(() => expect(positionIn(received.cursor(), eventStreams.call)).toBeGreaterThanOrEqual(state.last_seq));
    await received.close();
  });

  test('is resumed by its cursor, without a gap or a repeat', async () => {
    const call = testCall(nats.bus);
    const first = stream({ call_id: [call.callId] });
    await first.open;
    const published = [await call.publish('call'), await call.publish('billing')];
    await has(first, 2);
    await first.close();
    published.push(await call.publish('call'), await call.publish('reaction'), await call.publish('billing'));
    const second = stream({ call_id: [call.callId] }, first.cursor());
    await has(second, 3);
    expect(new Set([...ids(first), ...ids(second)])).toEqual(new Set(published.map((event) => event.id)));
    await second.close();
  });

  test('is resumed from the cursor of any event', async () => {
    const call = testCall(nats.bus);
    const all = stream({ call_id: [call.callId] });
    await all.open;
    for (let count = 0; count < 5; count += 1) await call.publish('call');
    await has(all, 5);
    const middle = stream({ call_id: [call.callId] }, all.events[1]!.cursor);
    await has(middle, 3);
    expect(ids(middle)).toEqual(ids(all).slice(2));
    await Promise.all([all.close(), middle.close()]);
  });

  test('that never had an event can be resumed too', async () => {
    const call = testCall(nats.bus);
    const first = stream({ call_id: [call.callId] });
    await first.open;
    await first.close();
    const event = await call.publish('call');
    const second = stream({ call_id: [call.callId] }, first.cursor());
    await has(second, 1);
    expect(ids(second)).toEqual([event.id]);
    await second.close();
  });

  test('ends when its token does', async () => {
    const shortLived = await keys.token({ ttlSeconds: 1 });
    const received = withToken(shortLived);
    await received.open;
    expect(await received.ended).toEqual(code('auth.expired'));
    await received.close();
  });

  test.each([
    ['nonsense', 'nonsense', 'cursor.malformed', 400],
    ["another account's", 'other', 'cursor.other_account', 403],
  ])('refuses a cursor that is %s', async (_, given, expected, status) => {
    let cursor = given;
    if (given === 'other') {
      const theirs = streamOverGrpc(router.client(await keys.token({ accountId: 'other' })));
      await theirs.open;
      cursor = theirs.cursor();
      await theirs.close();
    }
    await expectRefused(stream({}, cursor), expected, status);
  });

  test('refuses a filter with a misspelt type, by its place', async () => {
    const received = stream({ types: ['call.*', 'call.finished'] });
    const error = await received.ended;
    const violations = [expect.objectContaining({ field: transport === 'grpc' ? 'filter.types[1]' : 'types[1]' })];
    expect(transport === 'grpc' ? error : (error as HttpError).body).toMatchObject({ code: 'subscription.invalid_filter', details: { violations } });
  });

  test.each([
    ['without the scope', 'device', 'auth.wrong_scope', 403],
    ['that is none', 'nonsense', 'auth.malformed', 401],
    ['that is missing', undefined, 'auth.missing', 401],
  ] as const)('refuses a token %s', async (_, kind, expected, status) => {
    const given = kind === 'device' ? await keys.token({ scope: 'device' }) : kind;
    const received = withToken(given);
    await expectRefused(received, expected, status);
  });

  async function expectRefused(received: Received, expected: string, status: number): Promise<void> {
    const error = await received.ended;
    if (transport === 'grpc') expect(error).toEqual(code(expected));
    else expect(error).toMatchObject({ status, body: { code: expected, message: expect.any(String) } });
    expect(received.events).toEqual([]);
  }
});

/** Cursors are opaque; the test looks inside all the same. */
function positionIn(cursor: string, stream: string): number {
  return codec.decode(cursor, { accountId: 'acme' }).positions[stream]!.sequence;
}

describe('one cursor for all', () => {
  test('gRPC goes on where SSE was, a WebSocket where gRPC was, and SSE where that was', async () => {
    const call = testCall(nats.bus);
    const sse = streamOverSse(router, token, { query: { call_id: call.callId } });
    await sse.open;
    const first = await call.publish('call');
    await has(sse, 1);
    await sse.close();
    const second = await call.publish('call');
    const grpc = streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] }, cursor: sse.cursor() });
    await has(grpc, 1);
    await grpc.close();
    const third = await call.publish('call');
    const socket = streamOverWebSocket(router, token, { call_id: call.callId, cursor: grpc.cursor() });
    await has(socket, 1);
    await socket.close();
    const fourth = await call.publish('call');
    const again = streamOverSse(router, token, { query: { call_id: call.callId, cursor: socket.cursor() } });
    await has(again, 1);
    await again.close();
    expect([...ids(sse), ...ids(grpc), ...ids(socket), ...ids(again)]).toEqual([first.id, second.id, third.id, fourth.id]);
  });

  test('and for every replica', async () => {
    const other = await routers.start();
    const call = testCall(nats.bus);
    const here = streamOverGrpc(router.client(token), { filter: { callIds: [call.callId] } });
    await here.open;
    await here.close();
    const event = await call.publish('call');
    const there = streamOverSse(other, token, { query: { call_id: call.callId, cursor: here.cursor() } });
    await has(there, 1);
    expect(ids(there)).toEqual([event.id]);
    await there.close();
    await other.stop();
  });

  test('a client that comes and goes, here and there, has each event once and in order', async () => {
    const replicas = [router, await routers.start()];
    const call = testCall(nats.bus);
    const query = { call_id: call.callId };
    const first = streamOverSse(router, token, { query });
    await first.open;
    await first.close();
    let cursor = first.cursor();
    const seen: string[] = [];
    const published: string[] = [];
    const publishing = (async () => {
      for (let count = 0; count < 60; count += 1) published.push((await call.publish('call')).id);
    })();
    const visits = fc.infiniteStream(fc.record({ transport: fc.constantFrom('grpc', 'sse', 'websocket'), replica: fc.nat(1), events: fc.integer({ min: 1, max: 9 }) }));
    for (const { transport, replica, events } of fc.sample(visits, 1)[0]!) {
      const at = replicas[replica]!;
      const received = {
        grpc: () => streamOverGrpc(at.client(token), { filter: { callIds: [call.callId] }, cursor }),
        sse: () => streamOverSse(at, token, { query: { ...query, cursor } }),
        websocket: () => streamOverWebSocket(at, token, { ...query, cursor }),
      }[transport]();
      const wanted = Math.min(events, 60 - seen.length);
      await eventually(() => expect(received.events.length).toBeGreaterThanOrEqual(wanted));
      await received.close();
      seen.push(...ids(received));
      cursor = received.cursor();
      if (seen.length === 60) break;
    }
    await publishing;
    expect(seen).toEqual(published);
    await replicas[1]!.stop();
  });

  test('a replica that shuts down sends its clients elsewhere', async () => {
    const leaving = await routers.start();
    const streams = [streamOverGrpc(leaving.client(token)), streamOverSse(leaving, token), streamOverWebSocket(leaving, token)];
    await Promise.all(streams.map((stream) => stream.open));
    await leaving.stop();
    for (const stream of streams) {
      expect(await stream.ended).toEqual(code('shutting_down'));
      expect(stream.notices).toEqual(['draining']);
    }
  });

  test('and takes no new ones while they go', async () => {
    const leaving = await routers.start({ DRAIN_MS: '2000' });
    // They go at random; so many that it takes a while.
    const streams = Array.from({ length: 20 }, () => streamOverSse(leaving, token));
    await Promise.all(streams.map((stream) => stream.open));
    const stopping = leaving.stop();
    await eventually(() => expect(streams[0]!.notices).toEqual(['draining']));
    const refused = { status: 503, body: { code: 'shutting_down' } };
    expect(await streamOverSse(leaving, token).ended).toMatchObject(refused);
    expect(await streamOverWebSocket(leaving, token).ended).toMatchObject(refused);
    for (const stream of streams) expect(await stream.ended).toEqual(code('shutting_down'));
    await stopping;
  });
});

describe('what arrives', () => {
  test('is the event with all its attributes, on SSE as CloudEvents JSON', async () => {
    const call = testCall(nats.bus, { call: { from: '+491701234567' } });
    const filter = { callIds: [call.callId] };
    const [grpc, sse] = [streamOverGrpc(router.client(token), { filter }), streamOverSse(router, token, { query: { call_id: call.callId } })];
    await Promise.all([grpc.open, sse.open]);
    const event = await call.publish('call');
    await Promise.all([has(grpc, 1), has(sse, 1)]);
    expect(grpc.events[0]!.raw).toMatchObject({
      id: `${call.callId}-call-0`,
      source: `/acme/calls/${call.callId}/call`,
      type: 'call.text_received',
      subject: call.callId,
      time: event.time,
      sequence: 0n,
      causationId: 'test',
      from: '+491701234567',
      to: '+15550100',
      direction: 'inbound',
      data: { $case: 'call', value: { legId: call.callId, event: { $case: 'textReceived', value: { text: 'hello\nthere: “ÿ”' } } } },
    });
    expect(sse.events[0]!.raw).toEqual({
      specversion: '1.0',
      id: event.id,
      source: event.source,
      type: 'call.text_received',
      subject: call.callId,
      time: event.time.toISOString(),
      sequence: '00000000000000000000',
      causationid: 'test',
      callfrom: '+491701234567',
      callto: '+15550100',
      calldirection: 'inbound',
      dataschema: 'parley.call.v1.CallEvent',
      datacontenttype: 'application/json',
      data: { legId: call.callId, textReceived: { text: 'hello\nthere: “ÿ”' } },
    });
    await Promise.all([grpc.close(), sse.close()]);
  });
});

describe('what cannot be read', () => {
  test('on the bus is left out, and what follows arrives', async () => {
    const received = streamOverGrpc(router.client(token));
    await received.open;
    await nats.bus.js.publish('evt.call.00.acme', 'no event');
    const event = await testCall(nats.bus).publish('call');
    await has(received, 1);
    expect(ids(received)).toEqual([event.id]);
    await received.close();
  });

  test('in a request is refused', async () => {
    const client = new Client(`127.0.0.1:${router.grpcPort}`, credentials.createInsecure());
    const { path, responseDeserialize } = EventServiceService.streamEvents;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = client.makeServerStreamRequest(path, () => Buffer.from([0xff, 0xff, 0xff]), responseDeserialize, {}, metadata);
    const failure = await new Promise<ServiceError>((resolve) => stream.on('error', resolve).resume());
    expect(failure.metadata.get('parley-error-code')).toEqual(['request.malformed']);
    client.close();
  });
});

describe('SSE', () => {
  test('takes the token as a parameter, and lets pages of other origins read', async () => {
    const received = streamOverSse(router, undefined, { query: { access_token: token } });
    await received.open;
    await received.close();
    const url = `http://127.0.0.1:${router.httpPort}/v1/events`;
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-headers': 'authorization' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    const refused = await fetch(url);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(await refused.json()).toMatchObject({ code: 'auth.missing' });
  });

  test('refuses parameters that it does not know, and other methods', async () => {
    const url = `http://127.0.0.1:${router.httpPort}/v1/events`;
    const headers = { authorization: `Bearer ${token}` };
    expect(await (await fetch(`${url}?typ=call.*`, { headers })).json()).toMatchObject({ code: 'request.invalid_argument' });
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(404);
  });
});

describe('a cursor that is too old', () => {
  test('is an error, on both transports, when events behind it are gone or the stream was made anew', async () => {
    const call = testCall(nats.bus, { accountId: 'acme', callId: newCallId() });
    const received = streamOverGrpc(router.client(token));
    await received.open;
    const old = received.cursor();
    await received.close();
    await call.publish('call');
    await call.publish('call');
    await nats.bus.jsm.streams.purge(eventStreams.call);
    // This one has it all in memory still.
    const later = await routers.start();
    const over = async (cursor: string) => {
      expect(await streamOverGrpc(later.client(token), { cursor }).ended).toEqual(code('cursor.too_old'));
      expect(await streamOverSse(later, token, { query: { cursor } }).ended).toMatchObject({ status: 410, body: { code: 'cursor.too_old' } });
    };
    await over(old);

    const fresh = streamOverGrpc(router.client(token));
    await fresh.open;
    const cursor = fresh.cursor();
    const { config } = await nats.bus.jsm.streams.info(eventStreams.call);
    await nats.bus.jsm.streams.delete(eventStreams.call);
    await nats.bus.jsm.streams.add({ ...config });
    expect(await fresh.ended).toEqual(code('cursor.too_old'));
    await over(cursor);
    await later.stop();
  });
});
