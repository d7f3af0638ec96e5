import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { Party } from '@parley/contracts';
import { natsCredsFile, startNats, type TestServer } from '@parley/local';
import { eventually, testDatabase } from '@parley/testing';
import { connectBus, type Bus } from './connection.ts';
import { startConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
import { oneByOne, type Handled } from './call-queue.ts';
import { newEvent, type BusEvent, type StreamedEvent } from './event.ts';
import type { PartitionLease } from './ownership.ts';
import { mongoParking } from './parking.ts';
import { mongoPositions } from './positions.ts';
import { createPublisher } from './publisher.ts';
import { partitionOf } from './subjects.ts';
import { buckets, declareStreams, eventStreams } from './streams.ts';

const database = testDatabase();
let dataDir: string;
let nats: TestServer;
let bus: Bus;
let db: Db;
const consumers: Consumer[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-bus-'));
  nats = await startNats({ dataDir });
  bus = await connectBus({ url: nats.url, credsFile: natsCredsFile('platform'), name: 'test' });
});
beforeEach(async () => {
  db = database.db;
  await Promise.all(['positions', 'parked_calls', 'parked_messages'].map((name) => db.collection(name).deleteMany({})));
  for (const name of [...Object.values(eventStreams), ...Object.values(buckets).map((bucket) => `KV_${bucket}`)]) {
    await bus.jsm.streams.delete(name).catch(() => undefined);
  }
  await declareStreams(bus.nc, bus.jsm);
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
  await rm(dataDir, { recursive: true });
});

const errors: unknown[] = [];

async function consume(handle: (event: StreamedEvent, lease: PartitionLease) => Promise<Handled>, options: Partial<ConsumerOptions> = {}): Promise<Consumer> {
  const consumer = await startConsumer(bus, {
    service: 'billing',
    instance: `one-${randomUUID()}`,
    classes: ['call', 'reaction'],
    bucket: buckets.billing,
    positions: mongoPositions(db, 'billing'),
    parking: mongoParking(db, 'billing'),
    handle: oneByOne(handle),
    onError: (error) => errors.push(error),
    leaseTtlMs: 1_000,
    attempts: 2,
    ...options,
  });
  consumers.push(consumer);
  return consumer;
}

const call = { from: 'client:alice', to: '+15550100', direction: 'inbound' as const };

function callEvent(callId: string, sequence: number): BusEvent {
  const value = { legId: callId, event: { $case: 'answered' as const, value: {} } };
  return newEvent({ accountId: 'acme', callId, time: new Date(), sequence: BigInt(sequence), call, data: { class: 'call', value } });
}

function reactionEvent(callId: string, sequence: number): BusEvent {
  const event = { $case: 'absent' as const, value: { sinceMs: 0n } };
  const value = { party: Party.CALLER, legId: callId, observedThroughMs: 0n, intervals: [], event };
  const data = { class: 'reaction' as const, value };
  return newEvent({ accountId: 'acme', callId, party: 'caller', time: new Date(), sequence: BigInt(sequence), call, data });
}

async function publishAll(events: readonly BusEvent[]): Promise<void> {
  const publisher = createPublisher(bus);
  for (const event of events) await publisher.publish(event);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('consumer', () => {
  const callIds = Array.from({ length: 20 }, (_, index) => `CA${index}`);
  const all = callIds.flatMap((callId) => [0, 1, 2].map((sequence) => callEvent(callId, sequence)));

  test('reads every event, in order per call', async () => {
    const seen: string[] = [];
    await consume(async (event) => {
      seen.push(event.id);
      return 'applied';
    });
    await publishAll(all);
    await until(() => seen.length === all.length);
    for (const callId of callIds) {
      expect(seen.filter((id) => id.startsWith(`${callId}-`))).toEqual([0, 1, 2].map((n) => `${callId}-call-${n}`));
    }
  });

  test('goes on behind what it has stored, and reads again what it has not', async () => {
    const first: string[] = [];
    const one = await consume(async (event) => {
      first.push(event.id);
      return 'applied';
    });
    await publishAll(all);
    await until(() => first.length === all.length);
    consumers.splice(0);
    await one.stop();

    const later = [callEvent('CA0', 3)];
    await publishAll(later);
    const second: string[] = [];
    await consume(async (event) => {
      second.push(event.id);
      return 'applied';
    });
    await until(() => second.length > 0);
    expect(second).toEqual(['CA0-call-3']);
  });

  test('what was taken and is not settled is read again by whoever comes next; what is settled at the end is not', async () => {
    const settled = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>().promise;
    const taken: string[] = [];
    const lost: number[] = [];
    const options: Partial<ConsumerOptions> = {
      onPartition: {
        gained: async () => undefined,
        lost: async (partition) => {
          lost.push(partition);
          settled.resolve();
        },
      },
    };
    const one = await consume(async (event) => {
      taken.push(event.id);
      return { outcome: 'taken', settled: event.id === 'CA0-call-1' ? never : settled.promise };
    }, options);
    await publishAll(all);
    await until(() => taken.length === all.length);
    consumers.splice(0);
    await one.stop();
    expect(lost).toHaveLength(32);

    const again: string[] = [];
    await publishAll([callEvent('CA0', 3)]);
    await consume(async (event) => {
      again.push(event.id);
      return 'applied';
    });
    await until(() => again.includes('CA0-call-3'));
    const ofOthers = again.filter((id) => partitionOf(id.split('-')[0]!) !== partitionOf('CA0'));
    expect({ first: again.filter((id) => id.startsWith('CA0-'))[0], ofOthers }).toEqual({ first: 'CA0-call-1', ofOthers: [] });
  });

  test('a second replica takes its share; when it goes, the first takes it back', async () => {
    const one = await consume(async () => 'applied');
    await until(() => one.owned().length === 32);
    const two = await consume(async () => 'applied');
    await until(() => two.owned().length > 0 && one.owned().length + two.owned().length === 32);
    expect([...one.owned(), ...two.owned()].sort((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n));
    consumers.splice(consumers.indexOf(two), 1);
    await two.stop();
    await until(() => one.owned().length === 32);
  });

  test('a call that fails is parked with what follows, the others go on, and redrive resumes in order', async () => {
    let broken = true;
    const seen: string[] = [];
    const consumer = await consume(async (event) => {
      if (broken && event.id === 'CA1-call-1') throw new Error('no');
      seen.push(event.id);
      return 'applied';
    });
    await publishAll(all);
    const parking = mongoParking(db, 'billing');
    await until(async () => seen.length === all.length - 2 && (await parking.messages('CA1')).length === 2);
    await publishAll([callEvent('CA1', 3)]);
    await until(async () => (await parking.messages('CA1')).length === 3);
    expect(await parking.list({ limit: 10, after: '' })).toMatchObject([{ callId: 'CA1', code: 'bus.handler_failed', events: 3 }]);

    await expect(consumer.redrive('CA1')).rejects.toMatchObject({ code: 'bus.handler_failed' });
    broken = false;
    expect(await consumer.redrive('CA1')).toBe(3);
    expect(seen.slice(-3)).toEqual(['CA1-call-1', 'CA1-call-2', 'CA1-call-3']);
    expect(await parking.list({ limit: 10, after: '' })).toEqual([]);
    await publishAll([callEvent('CA1', 4)]);
    await until(() => seen.at(-1) === 'CA1-call-4');
  });

  test('events that come while a call is redriven are neither lost nor out of order, also when it fails on the way', async () => {
    const parking = mongoParking(db, 'billing');
    let poisoned = 0;
    const applied: number[] = [];
    const consumer = await consume(async (event) => {
      const sequence = Number(event.sequence);
      if (sequence <= applied.length - 1) return 'duplicate';
      if (sequence > applied.length) return 'wait';
      if (sequence === poisoned) throw new Error('no');
      applied.push(sequence);
      return 'applied';
      // An event that was overtaken would wait for ever.
    }, { gapTimeoutMs: 600_000 });
    const sequences = Array.from({ length: 120 }, (_, sequence) => sequence);
    const publishing = publishAll(sequences.map((sequence) => callEvent('CA1', sequence)));
    // Each redrive gets a little further while events keep arriving, until nothing is wrong any more.
    for (const next of [20, 45, 70, 95, -1]) {
      await until(async () => (await parking.find('CA1')) !== undefined);
      poisoned = next;
      await consumer.redrive('CA1').catch(() => undefined);
    }
    await publishing;
    await until(() => applied.length === sequences.length);
    expect(applied).toEqual(sequences);
    await until(async () => (await parking.find('CA1')) === undefined && (await parking.messages('CA1')).length === 0);
  });

  test('two streams of a partition that are both full go on when there is room, and do not hold up the stop', async () => {
    const gate = Promise.withResolvers<void>();
    const seen = new Set<string>();
    await consume(async (event) => {
      await gate.promise;
      seen.add(event.id);
      return 'applied';
    });
    const inOnePartition = Array.from({ length: 20_000 }, (_, n) => `CB${n}`).filter((id) => partitionOf(id) === 3).slice(0, 270);
    const events = inOnePartition.flatMap((callId) => [callEvent(callId, 0), reactionEvent(callId, 0)]);
    await publishAll(events);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(seen.size).toBe(0);
    gate.resolve();
    await until(() => seen.size === events.length);
  });

  test('a parked call stays parked in the next owner', async () => {
    const one = await consume(async (event) => {
      if (event.callId === 'CA1') throw new Error('no');
      return 'applied';
    });
    await publishAll([callEvent('CA1', 0)]);
    const parking = mongoParking(db, 'billing');
    await until(async () => (await parking.messages('CA1')).length === 1);
    consumers.splice(0);
    await one.stop();

    const seen: string[] = [];
    const two = await consume(async (event) => {
      seen.push(event.id);
      return 'applied';
    });
    await publishAll([callEvent('CA1', 1), callEvent('CA2', 0)]);
    await until(async () => (await parking.messages('CA1')).length === 2);
    expect(seen).toEqual(['CA2-call-0']);
    await two.redrive('CA1');
    expect(seen).toEqual(['CA2-call-0', 'CA1-call-0', 'CA1-call-1']);
  });

  test('what is no event is parked as it came and holds nothing up', async () => {
    const seen: string[] = [];
    await consume(async (event) => {
      seen.push(event.id);
      return 'applied';
    });
    await bus.js.publish('evt.call.00.acme', 'garbage');
    await publishAll([callEvent('CA1', 0)]);
    const parking = mongoParking(db, 'billing');
    await until(async () => seen.length === 1 && (await parking.list({ limit: 10, after: '' })).length === 1);
    expect(await parking.list({ limit: 10, after: '' })).toMatchObject([{ callId: 'unknown-CALL_EVENTS-1', code: 'bus.malformed_event' }]);
  });

  test('whoever works on a partition can tell when its lease is not known to hold any more', async () => {
    const owners: (() => boolean)[] = [];
    await consume(async () => 'applied', { onPartition: { gained: async (_, isOwner) => void owners.push(isOwner), lost: async () => undefined } });
    const isOwnerNow = () => [...new Set(owners.map((isOwner) => isOwner()))];
    await eventually(() => expect(isOwnerNow()).toEqual([true]));
    await nats.kill();
    try {
      await eventually(() => expect(isOwnerNow()).toEqual([false]));
    } finally {
      nats = await startNats({ dataDir, port: nats.port });
    }
    await eventually(() => expect(isOwnerNow()).toEqual([true]));
  });

  test('a broker that is killed and comes back loses nothing', async () => {
    const seen = new Set<string>();
    await consume(async (event) => {
      seen.add(event.id);
      return 'applied';
    });
    const publishing = publishAll(all);
    await until(() => seen.size > 5);
    await nats.kill();
    nats = await startNats({ dataDir, port: nats.port });
    await publishing;
    await until(() => seen.size === all.length);
  });
});
