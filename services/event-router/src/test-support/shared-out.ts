import { expect } from '@jest/globals';
import { allPartitions, buckets, desiredOwner, type Bus } from '@parley/bus';
import { eventually } from '@parley/testing';

/** Resolves once so many replicas hold the partitions that they should: one that moves has its last deliveries made again. */
export async function untilSharedOut(bus: Bus, replicas: number): Promise<void> {
  const bucket = buckets['event-router'];
  const holderOf = async (partition: number) => {
    const key = `partition.${String(partition).padStart(2, '0')}`;
    const lease = await bus.jsm.streams.getMessage(`KV_${bucket}`, { last_by_subj: `$KV.${bucket}.${key}` });
    return lease?.string().split(' ')[1] ?? '';
  };
  await eventually(async () => {
    const holders = await Promise.all(allPartitions.map(holderOf));
    const instances = [...new Set(holders)];
    expect(instances).toHaveLength(replicas);
    expect(holders).toEqual(allPartitions.map((partition) => desiredOwner(partition, instances)));
  });
}
