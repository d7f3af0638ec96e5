import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventStreams } from '@parley/bus';
import { StreamEventsRequest, type StreamEventsResponse } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { WebSocket } from 'ws';
import { testCall } from './test-support/call-events.ts';
import { metricOf } from './test-support/metrics.ts';
import { testRouters, type Router } from './test-support/started-router.ts';
import { streamOverGrpc, streamOverSse } from './test-support/subscribers.ts';
import type { Transport } from './streaming/client-connection.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });

// Much more than the transports' buffers hold: kernel sockets alone take a few MB.
const events = 1_500;
const text = 'x'.repeat(16_000);
const all = Array.from({ length: events }, (_, sequence) => BigInt(sequence));
let router: Router;
let token: string;
let start: string;

beforeAll(async () => {
  token = await keys.token();
  router = await routers.start();
  const received = streamOverGrpc(router.client(token));
  await received.open;
  start = received.cursor();
  await received.close();
  await router.stop();
  const call = testCall(nats.bus, { text });
  for (let count = 0; count < events; count += 1) await call.publish('call');
}, 120_000);

/** Events that a replica has handed over to clients of a transport. */
const handedOver = (router: Router, transport: Transport) => metricOf(router, 'parley_delivery_events_total', { transport });

/** How many it handed over when it does not go on any more. */
async function stoppedAt(router: Router, transport: Transport): Promise<number> {
  return eventually(async () => {
    const before = await handedOver(router, transport);
    await sleep(500);
    expect(before).toBeGreaterThan(0);
    expect(await handedOver(router, transport)).toBe(before);
    return before;
  });
}

/** A client that reads the first heartbeat and no more. (One that never read would be given all by gRPC's own client.) */
async function pausedGrpc(router: Router): Promise<AsyncIterator<StreamEventsResponse>> {
  const stream = await router.client(token).streamEvents(StreamEventsRequest.fromPartial({ cursor: start }));
  const responses = stream[Symbol.asyncIterator]();
  expect((await responses.next()).value.event).toBeUndefined();
  return responses;
}

/** A client that sends its request and never reads. */
async function silentSse(router: Router): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: router.httpPort, onread: { buffer: Buffer.alloc(1), callback: () => false } });
  socket.on('error', () => undefined);
  socket.write(`GET /v1/events?cursor=${start} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
  return socket;
}

/** The same over WebSocket. */
function pausedWebSocket(router: Router): WebSocket {
  const client = new WebSocket(`ws://127.0.0.1:${router.httpPort}/v1/events?cursor=${start}&access_token=${token}`, 'cloudevents.json');
  return client.once('open', () => client.pause());
}

afterEach(() => router.stop());

describe('a client that does not read', () => {
  test('over gRPC: the rest stays with the broker, and it gets all once it reads', async () => {
    router = await routers.start();
    const responses = await pausedGrpc(router);
    expect(await stoppedAt(router, 'grpc')).toBeLessThan(events / 2);
    const sequences: bigint[] = [];
    while (sequences.length < events) {
      const { value } = await responses.next();
      if (value?.event !== undefined) sequences.push(value.event.sequence);
    }
    expect(sequences).toEqual(all);
    await responses.return?.();
  });

  test('over SSE: the rest stays with the broker', async () => {
    router = await routers.start();
    const socket = await silentSse(router);
    expect(await stoppedAt(router, 'sse')).toBeLessThan(events / 2);
    socket.destroy();
  });

  test('over WebSocket: the rest stays with the broker, and it gets all once it reads, although it answered no ping', async () => {
    router = await routers.start();
    const sequences: bigint[] = [];
    const client = pausedWebSocket(router).on('message', (message: Buffer) => {
      const { sequence } = JSON.parse(message.toString()) as { readonly sequence?: string };
      if (sequence !== undefined) sequences.push(BigInt(sequence));
    });
    expect(await stoppedAt(router, 'websocket')).toBeLessThan(events / 2);
    client.resume();
    await eventually(() => expect(sequences).toHaveLength(events));
    expect(sequences).toEqual(all);
    client.terminate();
  });

  test('over WebSocket is sent away after a while, for the same reason', async () => {
    router = await routers.start({ CLIENT_STALL_MS: '500' });
    const client = pausedWebSocket(router);
    await eventually(async () => expect(await metricOf(router, 'parley_delivery_sent_away_total', { parley_reason: 'subscription.slow_consumer' })).toBe(1));
    client.terminate();
  });

  test('is sent away after a while, and comes back with its cursor, to any replica, without a gap', async () => {
    router = await routers.start({ CLIENT_STALL_MS: '500' });
    const responses = await pausedGrpc(router);
    await stoppedAt(router, 'grpc');
    let cursor = '';
    const sequences: bigint[] = [];
    const reading = (async () => {
      for (let next = await responses.next(); next.done !== true; next = await responses.next()) {
        cursor = next.value.cursor;
        if (next.value.event !== undefined) sequences.push(next.value.event.sequence);
      }
    })();
    await expect(reading).rejects.toEqual(expect.objectContaining({ code: 'subscription.slow_consumer' }));
    expect(sequences.length).toBeLessThan(events);
    expect(await metricOf(router, 'parley_delivery_sent_away_total', { reason: 'subscription.slow_consumer' })).toBe(1);

    const patient = await routers.start();
    const rest = streamOverSse(patient, token, { query: { cursor } });
    await eventually(() => expect(sequences.length + rest.events.length).toBe(events));
    expect([...sequences, ...rest.events.map((event) => event.sequence)]).toEqual(all);
    await rest.close();
    await patient.stop();
  });

  test('is told when what it has not read yet is dropped, and gets nothing from behind the gap before', async () => {
    // At a heartbeat reading is begun anew, and would find out then.
    router = await routers.start({ HEARTBEAT_MS: '60000' });
    const responses = await pausedGrpc(router);
    await stoppedAt(router, 'grpc');
    const { state } = await nats.bus.jsm.streams.info(eventStreams.call);
    await nats.bus.jsm.streams.purge(eventStreams.call, { seq: state.last_seq - 10 });
    const sequences: bigint[] = [];
    const reading = (async () => {
      for (let next = await responses.next(); next.done !== true; next = await responses.next()) {
        if (next.value.event !== undefined) sequences.push(next.value.event.sequence);
      }
    })();
    await expect(reading).rejects.toEqual(expect.objectContaining({ code: 'cursor.too_old' }));
    expect(sequences).toEqual(all.slice(0, sequences.length));
  });
});
