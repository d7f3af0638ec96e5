import { expect } from '@jest/globals';
import { allPartitions, buckets, type Bus } from '@parley/bus';
import { eventually } from '@parley/testing';

/** Resolves once the partitions are shared out over so many replicas: one that moves has its last deliveries made again. */
export async function untilSharedOut(bus: Bus, replicas: number): Promise<void> {
  const bucket = buckets['event-router'];
  const holderOf = async (partition: number) => {
    const key = `partition.${String(partition).padStart(2, '0')}`;
    const lease = await bus.jsm.streams.getMessage(`KV_${bucket}`, { last_by_subj: `$KV.${bucket}.${key}` });
    return lease === null ? '' : lease.string().split(' ')[1]!;
  };
  await eventually(async () => {
    const holders = new Set(await Promise.all(allPartitions.map(holderOf)));
    expect({ holders: holders.size, isComplete: !holders.has('') }).toEqual({ holders: replicas, isComplete: true });
  });
}
