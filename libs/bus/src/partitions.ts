import { createHash } from 'node:crypto';
import { partitionCount } from './subjects.ts';

/**
 * Who should own each partition: rendezvous hashing, so that a replica that comes or goes moves only its own share.
 * All replicas compute the same from the same members.
 */
export function desiredOwner(partition: number, instances: readonly string[]): string | undefined {
  let best: { readonly instance: string; readonly weight: string } | undefined;
  for (const instance of instances) {
    const weight = createHash('sha1').update(`${instance}/${partition}`).digest('hex');
    if (best === undefined || weight > best.weight) best = { instance, weight };
  }
  return best?.instance;
}

export const allPartitions: readonly number[] = Array.from({ length: partitionCount }, (_, partition) => partition);
