import type { KV } from '@nats-io/kv';

// A lease on a partition is a key whose value names the holder and an epoch that grows with each change of hands. It is
// changed by revision only, so of two replicas that reach for it one wins. It has no time of its own: it is as alive as
// the member that holds it (members.ts).

const partitionPrefix = 'partition.';

export interface Lease {
  readonly partition: number;
  /** Grows with each change of hands. */
  readonly epoch: number;
  /** Empty when it was given up. */
  readonly holder: string;
  readonly revision: number;
}

export function leaseKey(partition: number): string {
  return `${partitionPrefix}${String(partition).padStart(2, '0')}`;
}

/** @returns undefined for a key that is no lease's. */
export function parseLease(key: string, value: Uint8Array, revision: number): Lease | undefined {
  if (!key.startsWith(partitionPrefix)) return undefined;
  const [epoch, holder] = Buffer.from(value).toString('utf8').split(' ');
  return { partition: Number(key.slice(partitionPrefix.length)), epoch: Number(epoch), holder: holder ?? '', revision };
}

/** @returns undefined if somebody else was quicker. */
export async function claimLease(kv: KV, partition: number, known: Lease | undefined, holder: string): Promise<Lease | undefined> {
  const epoch = (known?.epoch ?? 0) + 1;
  return writeLease(kv, { partition, epoch, holder }, known);
}

/** Gives it up, so that the next holder need not wait for this one to look dead. */
export async function releaseLease(kv: KV, lease: Lease): Promise<void> {
  await writeLease(kv, { ...lease, holder: '' }, lease);
}

async function writeLease(kv: KV, lease: Omit<Lease, 'revision'>, known: Lease | undefined): Promise<Lease | undefined> {
  const key = leaseKey(lease.partition);
  const value = `${lease.epoch} ${lease.holder}`;
  try {
    const revision = known === undefined ? await kv.create(key, value) : await kv.update(key, value, known.revision);
    return { ...lease, revision };
  } catch (error) {
    if (isWrongRevision(error)) return undefined;
    throw error;
  }
}

const wrongLastSequenceCode = 10071;

function isWrongRevision(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === wrongLastSequenceCode || (error instanceof Error && /wrong last sequence|already exists|key exists/i.test(error.message));
}
