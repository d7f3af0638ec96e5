import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, MongoClient, MongoServerError } from 'mongodb';
import { type TestServer, startMongowire } from '../src/test-servers.ts';

interface Account {
  _id: string;
  rev: number;
  balance: number;
  writer?: string;
}

describe('writers at the same time', () => {
  let server: TestServer;
  let client: MongoClient;
  const accounts = (name: string): Collection<Account> => client.db('concurrency').collection(name);

  beforeAll(async () => {
    server = await startMongowire();
    client = await MongoClient.connect(server.url, { maxPoolSize: 32 });
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  test('4,000 increments of one document add up to exactly 4,000', async () => {
    const collection = accounts('increments');
    await collection.insertOne({ _id: 'a', rev: 0, balance: 0 });

    await inParallel(32, 125, () => collection.updateOne({ _id: 'a' }, { $inc: { balance: 1 } }));

    expect((await collection.findOne({ _id: 'a' }))?.balance).toBe(4000);
  });

  test('each revision is won by exactly one writer', async () => {
    const collection = accounts('revisions');
    await collection.insertOne({ _id: 'a', rev: 0, balance: 0 });
    const won: number[] = [];

    await inParallel(16, 100, async (writer) => {
      const seen = await collection.findOne({ _id: 'a' });
      const rev = seen?.rev ?? -1;
      const after = await collection.findOneAndUpdate(
        { _id: 'a', rev },
        { $set: { rev: rev + 1, writer: String(writer) }, $inc: { balance: 1 } },
        { returnDocument: 'after' },
      );
      if (after === null) return;
      expect(after).toMatchObject({ rev: rev + 1, writer: String(writer) });
      won.push(rev);
    });

    expect(won.length).toBeGreaterThan(16);
    expect(won.toSorted((a, b) => a - b)).toEqual(won.map((_rev, index) => index));
    expect(await collection.findOne({ _id: 'a' })).toMatchObject({ rev: won.length, balance: won.length });
  });

  test('of upserts and inserts with one key, one succeeds', async () => {
    const collection = accounts('keys');
    await collection.createIndex({ writer: 1 }, { unique: true });
    const codes: unknown[] = [];

    await inParallel(16, 1, async (writer) => {
      try {
        await collection.insertOne({ _id: `id-${writer}`, rev: 0, balance: 0, writer: 'same' });
        codes.push('inserted');
      } catch (error) {
        codes.push(error instanceof MongoServerError ? error.code : error);
      }
    });

    expect(codes.filter((code) => code === 'inserted')).toHaveLength(1);
    expect(codes.filter((code) => code === 11000)).toHaveLength(15);
    expect(await collection.countDocuments()).toBe(1);
  });

  test('a write that asks for no reply does not block the ones behind it', async () => {
    const collection = accounts('unacknowledged');
    await collection.insertOne({ _id: 'a', rev: 0, balance: 0 }, { writeConcern: { w: 0 } });
    await collection.insertOne({ _id: 'b', rev: 0, balance: 0 });
    expect(await collection.countDocuments()).toBe(2);
  });
});

describe('looking up by _id', () => {
  let server: TestServer;
  let client: MongoClient;

  beforeAll(async () => {
    server = await startMongowire();
    client = await MongoClient.connect(server.url);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  test.each(['plain', 'with "quotes" and \\ and \'', 'ünïcödé ☎ 😀', '<a>&</a>', '$dollar.dot', 'tab\tnew\nline\u2028', ''])(
    'finds %j, with a further condition too',
    async (id) => {
      const collection = client.db('lookup').collection<Account>('ids');
      await collection.insertOne({ _id: id, rev: 1, balance: 0 });
      expect(await collection.findOne({ _id: id })).toMatchObject({ _id: id });
      expect(await collection.findOne({ _id: id, rev: 1 })).toMatchObject({ _id: id });
      expect(await collection.findOne({ _id: id, rev: 2 })).toBeNull();
      expect(await collection.findOneAndUpdate({ rev: 1, _id: id }, { $inc: { rev: 1 } })).toMatchObject({ rev: 1 });
      expect((await collection.deleteOne({ _id: id, rev: 2 })).deletedCount).toBe(1);
    },
  );

  test('goes by the index, also when the filter has more than the _id', async () => {
    const collection = client.db('lookup').collection<Account>('plans');
    await collection.insertOne({ _id: 'a', rev: 1, balance: 0 });
    for (const filter of [{ _id: 'a' }, { _id: 'a', rev: 1 }, { rev: 1, _id: 'a' }]) {
      expect(JSON.stringify(await collection.find(filter).explain())).toMatch(/SEARCH .* USING INDEX/);
    }
  });
});

describe('kill -9 under load', () => {
  test('loses no insert that was acknowledged', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-kill-'));
    const acknowledged: string[] = [];

    for (let round = 0; round < 3; round++) {
      const server = await startMongowire({ dataDir });
      const client = await MongoClient.connect(server.url, { maxPoolSize: 8, retryWrites: false, serverSelectionTimeoutMS: 500 });
      const collection = client.db('crash').collection<{ _id: string }>('inserts');
      const killAt = acknowledged.length + 300;
      let killed: Promise<void> | undefined;

      await inParallel(8, 1000, async (writer, turn) => {
        if (killed !== undefined) return;
        const id = `${round}-${writer}-${turn}`;
        try {
          await collection.insertOne({ _id: id });
          acknowledged.push(id);
        } catch {
          return; // the server is gone; nothing was promised
        }
        if (acknowledged.length >= killAt) killed ??= server.kill();
      });
      await killed;
      await client.close();
    }

    const server = await startMongowire({ dataDir });
    const client = await MongoClient.connect(server.url);
    const stored = await client.db('crash').collection<{ _id: string }>('inserts').find().toArray();
    const storedIds = new Set(stored.map((document) => document._id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(900);
    expect(acknowledged.filter((id) => !storedIds.has(id))).toEqual([]);
    await client.close();
    await server.stop();
    await rm(dataDir, { recursive: true });
  });
});

async function inParallel(
  writers: number,
  turns: number,
  work: (writer: number, turn: number) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: writers }, async (_none, writer) => {
      for (let turn = 0; turn < turns; turn++) await work(writer, turn);
    }),
  );
}
