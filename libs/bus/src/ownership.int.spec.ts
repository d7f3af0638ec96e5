import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kvm, type KV } from '@nats-io/kv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { natsCredsFile, startNats, type TestServer } from '@parley/local';
import { eventually } from '@parley/testing';
import { connectBus, type Bus } from './connection.ts';
import { claimLease, leaseKey, releaseLease } from './leases.ts';
import { startOwnership, type Ownership, type PartitionLease } from './ownership.ts';
import { allPartitions } from './partitions.ts';
import { buckets, declareStreams } from './streams.ts';

const bucket = buckets.billing;
let dataDir: string;
let nats: TestServer;
let bus: Bus;
let kv: KV;
const running: Ownership[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-ownership-'));
  nats = await startNats({ dataDir });
  bus = await connectBus({ url: nats.url, credsFile: natsCredsFile('platform'), name: 'test' });
});
beforeEach(async () => {
  await bus.jsm.streams.delete(`KV_${bucket}`).catch(() => undefined);
  await declareStreams(bus.nc, bus.jsm);
  kv = await new Kvm(bus.nc).open(bucket);
});
afterEach(async () => {
  for (const ownership of running.splice(0)) await ownership.stop();
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
  await rm(dataDir, { recursive: true });
});

/** A replica that owns all partitions. */
async function startAlone(): Promise<{ readonly ownership: Ownership; readonly gained: readonly PartitionLease[]; readonly lost: readonly number[] }> {
  const [gained, lost]: [PartitionLease[], number[]] = [[], []];
  const ownership = await startOwnership(bus, {
    bucket,
    instance: 'one',
    ttlMs: 1_000,
    gained: async (lease) => void gained.push(lease),
    lost: async (partition) => void lost.push(partition),
    onError: () => undefined,
  });
  running.push(ownership);
  await eventually(() => expect(ownership.owned()).toHaveLength(allPartitions.length));
  return { ownership, gained, lost };
}

describe('a replica', () => {
  test('that cannot give signs of life takes itself for dead, as its peers do, and comes back', async () => {
    const { ownership, lost } = await startAlone();
    expect(ownership.isCurrent()).toBe(true);
    await nats.kill();
    try {
      await eventually(() => expect(ownership.isCurrent()).toBe(false));
      await eventually(() => expect([ownership.owned(), lost.toSorted((one, other) => one - other)]).toEqual([[], allPartitions]));
    } finally {
      nats = await startNats({ dataDir, port: nats.port });
    }
    await eventually(() => expect([ownership.isCurrent(), ownership.owned().length]).toEqual([true, allPartitions.length]));
  });

  test('lets go of a partition that was taken away, and of no other; it has it again in a later epoch', async () => {
    const { ownership, gained, lost } = await startAlone();
    await kv.put(leaseKey(5), '7 two');
    await eventually(() => expect(gained.slice(allPartitions.length)).toEqual([{ partition: 5, epoch: 8 }]));
    expect(lost).toEqual([5]);
    expect(ownership.owned()).toHaveLength(allPartitions.length);
  });
});

describe('a lease', () => {
  test('that two reach for is one’s, and who has lost it cannot give it up', async () => {
    const first = await claimLease(kv, 7, undefined, 'one');
    const both = await Promise.all(['two', 'three'].map((holder) => claimLease(kv, 7, first, holder)));
    const won = both.filter((lease) => lease !== undefined);
    expect(won).toMatchObject([{ epoch: 2 }]);
    await releaseLease(kv, first!);
    expect((await kv.get(leaseKey(7)))!.string()).toBe(`2 ${won[0]!.holder}`);
  });
});
