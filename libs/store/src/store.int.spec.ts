import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { eventually, testDatabase } from '@parley/testing';
import { MongoNetworkError } from 'mongodb';
import { startFlakyProxy, type FlakyProxy } from './flaky-proxy.fixture.ts';
import { connectStore, createOutboxRepository, ensureIndexes, isDuplicateKey, storeErrors, type Draft, type OutboxDocument, type OutboxRepository, type Store } from './index.ts';

interface Message {
  readonly id: string;
  readonly payload: Uint8Array;
}

interface Counter extends OutboxDocument<Message> {
  readonly value: bigint;
  readonly note?: string;
}

const database = testDatabase();
const code = (code: string) => expect.objectContaining({ code });

let published: string[];
let repository: OutboxRepository<Counter, Message>;

const publish = async ({ id }: Message): Promise<void> => void published.push(id);
const collection = () => database.db.collection<Counter>('counters');
const message = (id: string): Message => ({ id, payload: Buffer.from(id) });
const draft = (_id: string, value: bigint, ...ids: string[]): Draft<Counter> => ({ _id, value, outbox: ids.map(message) });

let id: string;
beforeEach(() => {
  id = randomUUID();
  published = [];
  repository = createOutboxRepository(collection(), { publish });
});

describe('the connection', () => {
  test('gives back what was stored: bigint, bytes, dates; undefined is left out', async () => {
    const things = database.db.collection('things');
    const time = new Date('2026-01-02T03:04:05.678Z');
    await things.insertOne({ big: 2n ** 62n, small: 5, bytes: Buffer.from([1, 2]), time, gone: undefined });
    const thing = await things.findOne({});
    expect(thing).toMatchObject({ big: 2n ** 62n, small: 5, time });
    expect(Buffer.from(thing?.['bytes'] as Uint8Array)).toEqual(Buffer.from([1, 2]));
    expect(thing).not.toHaveProperty('gone');
    expect(database.store.isConnected).toBe(true);
  });

  test('to a database that is not there is an error of the table', async () => {
    await expect(connectStore({ url: 'mongodb://127.0.0.1:1/', database: 'x', appName: 'test' })).rejects.toEqual(code('store.unavailable'));
  }, 30_000);

  test('does not wait for ever for a socket that ends while it is written to', async () => {
    const { port } = new URL(database.url);
    const sockets: Socket[] = [];
    const onSocket = (message: unknown) => sockets.push((message as { readonly socket: Socket }).socket);
    subscribe('net.client.socket', onSocket);
    const store = await connectStore({ url: database.url, database: database.db.databaseName, appName: 'test' });
    unsubscribe('net.client.socket', onSocket);
    const ours = sockets.filter((socket) => String(socket.remotePort) === port);
    expect(ours.length).toBeGreaterThan(1);
    // Destroyed, and not closed before the end of this turn: so it is when the database dies.
    ours.forEach((socket) => socket.destroy());
    const ping = () => store.db.command({ ping: 1 });
    await expect(ping()).rejects.toBeInstanceOf(MongoNetworkError);
    await eventually(async () => expect(await ping()).toMatchObject({ ok: 1 }));
    await store.close();
  });

  test('unique indexes hold, and can be declared again', async () => {
    const declarations = [{ collection: 'users', keys: { account: 1, name: 1 }, unique: true }] as const;
    await ensureIndexes(database.db, declarations);
    await ensureIndexes(database.db, declarations);
    const users = database.db.collection('users');
    await users.insertOne({ account: 'a', name: 'n' });
    await users.insertOne({ account: 'b', name: 'n' });
    await expect(storeErrors(() => users.insertOne({ account: 'a', name: 'n' }))).rejects.toEqual(code('store.duplicate'));
    expect(await users.insertOne({ account: 'a', name: 'n' }).catch(isDuplicateKey)).toBe(true);
  });
});

describe('a document with an outbox', () => {
  test('is inserted once, and its outbox published in order', async () => {
    expect(await repository.insert(draft(id, 1n, 'a', 'b'))).toMatchObject({ outcome: 'inserted', doc: { rev: 0, value: 1n, pending: true } });
    expect(await repository.insert(draft(id, 2n, 'c'))).toMatchObject({ outcome: 'existing', doc: { rev: 0, value: 1n } });
    expect(published).toEqual(['a', 'b']);
  });

  test('is replaced as a whole, on top of the revision that was seen', async () => {
    await repository.insert({ ...draft(id, 1n), note: 'goes away' });
    expect(await repository.replace(draft(id, 2n, 'a'), 0)).toBe('written');
    expect(await repository.replace(draft(id, 3n, 'b'), 0)).toBe('conflict');
    const doc = await repository.find(id);
    expect(doc).toMatchObject({ rev: 1, value: 2n });
    expect(doc).not.toHaveProperty('note');
    expect(published).toEqual(['a']);
  });

  test('a replacement of nothing is a conflict', async () => {
    expect(await repository.replace(draft(id, 2n, 'a'), 0)).toBe('conflict');
    expect(published).toEqual([]);
  });

  test('the next write clears the outbox of the one before', async () => {
    await repository.insert(draft(id, 1n, 'a'));
    await repository.replace(draft(id, 2n), 0);
    expect(await repository.find(id)).toMatchObject({ outbox: [], pending: false });
  });

  test('mutate inserts, changes, and leaves alone', async () => {
    expect(await repository.mutate(id, () => undefined)).toBeUndefined();
    expect(await repository.mutate(id, (doc) => draft(id, (doc?.value ?? 0n) + 1n, 'a'))).toMatchObject({ rev: 0, value: 1n });
    expect(await repository.mutate(id, (doc) => draft(id, (doc?.value ?? 0n) + 1n, 'b'))).toMatchObject({ rev: 1, value: 2n });
    expect(await repository.mutate(id, () => undefined)).toMatchObject({ rev: 1, value: 2n });
    await expect(repository.mutate(id, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(published).toEqual(['a', 'b']);
  });

  test('concurrent writers lose nothing, and publish each change once, in the order of the revisions', async () => {
    const writers = Array.from({ length: 8 }, () => createOutboxRepository(collection(), { publish }));
    await Promise.all(
      writers.map(async (writer) => {
        for (let i = 0; i < 10; i += 1) {
          await writer.mutate(id, (doc) => {
            const value = (doc?.value ?? 0n) + 1n;
            return draft(id, value, value.toString());
          });
        }
      }),
    );
    expect(await repository.find(id)).toMatchObject({ value: 80n, rev: 79 });
    // Others publish what they find in the outbox before they write on top, so there are repeats; never gaps.
    const inOrder = [...new Set(published)];
    expect(inOrder).toEqual(Array.from({ length: 80 }, (_, i) => String(i + 1)));
  });
});

describe('a document that is left alone', () => {
  test('has its outbox cleared once it is published, and no writer notices', async () => {
    await repository.insert(draft(id, 1n, 'a'));
    await eventually(async () => expect(await repository.find(id)).toMatchObject({ pending: false, outbox: [], rev: 0, value: 1n }));
    expect(await repository.replace(draft(id, 2n, 'b'), 0)).toBe('written');
    expect(await repository.find(id)).toMatchObject({ pending: true, rev: 1 });
    expect(published).toEqual(['a', 'b']);
  });

  test('keeps it as long as it is not published', async () => {
    const stuck = createOutboxRepository(collection(), { publish: () => Promise.reject(new Error('no broker')) });
    await expect(stuck.insert(draft(id, 1n, 'a'))).rejects.toThrow('no broker');
    await repository.insert(draft(`${id}-other`, 1n, 'b'));
    await eventually(async () => expect(await repository.find(`${id}-other`)).toMatchObject({ pending: false }));
    expect(await repository.find(id)).toMatchObject({ pending: true });
  });
});

describe('after a crash between write and publish', () => {
  const crash = async (value: bigint, ...ids: string[]): Promise<void> => {
    const crashing = createOutboxRepository(collection(), { publish: () => Promise.reject(new Error('crash')) });
    await expect(crashing.mutate(id, () => draft(id, value, ...ids))).rejects.toThrow('crash');
  };

  test('whoever loads the document publishes first', async () => {
    await crash(1n, 'a', 'b');
    expect(await repository.load(id)).toMatchObject({ value: 1n });
    expect(published).toEqual(['a', 'b']);
    await repository.load(id); // known to be published
    expect(published).toEqual(['a', 'b']);
  });

  test('the next change publishes what was left before it publishes its own', async () => {
    await crash(1n, 'a');
    await repository.mutate(id, (doc) => draft(id, (doc?.value ?? 0n) + 1n, 'b'));
    expect(published).toEqual(['a', 'b']);
  });

  test('reading publishes nothing', async () => {
    await crash(1n, 'a');
    await repository.find(id);
    expect(published).toEqual([]);
  });

  test('publishPending finds it, and marks it without disturbing a writer', async () => {
    await collection().deleteMany({});
    await crash(1n, 'a');
    expect(await repository.publishPending({ value: 2n })).toBe(0);
    expect(await repository.publishPending({ value: 1n })).toBe(1);
    expect(await repository.publishPending()).toBe(0);
    expect(published).toEqual(['a']);
    expect(await repository.find(id)).toMatchObject({ rev: 0, pending: false, outbox: [] });
    expect(await repository.replace(draft(id, 2n), 0)).toBe('written');
  });
});

describe('a write whose answer was lost', () => {
  let proxy: FlakyProxy;
  let store: Store;
  let flaky: OutboxRepository<Counter, Message>;

  beforeAll(async () => {
    const { hostname, port } = new URL(database.url);
    proxy = await startFlakyProxy({ host: hostname, port: Number(port) });
    store = await connectStore({ url: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`, database: database.name, appName: 'flaky' });
    flaky = createOutboxRepository(store.db.collection<Counter>('counters'), { publish });
  });
  afterAll(async () => {
    await store.close();
    await proxy.close();
  });

  test('of an insert: is known as ours, and published', async () => {
    proxy.loseAnswerTo(id);
    expect(await flaky.insert(draft(id, 1n, 'a'))).toMatchObject({ outcome: 'inserted' });
    expect(published).toEqual(['a']);
    expect(proxy.lost).toBe(1);
  });

  test('of a replacement: is known as ours, and published', async () => {
    await flaky.insert(draft(id, 1n));
    proxy.loseAnswerTo(id);
    expect(await flaky.replace(draft(id, 2n, 'a'), 0)).toBe('written');
    expect(await repository.find(id)).toMatchObject({ rev: 1, value: 2n });
    expect(published).toEqual(['a']);
    expect(proxy.lost).toBe(2);
  });

  test('readiness follows the connection', async () => {
    await eventually(() => expect(store.isConnected).toBe(true));
  });
});
