import { randomBytes } from 'node:crypto';

/** The name of this start of a replica: leases and router commands must not take a restarted process for the dead one. */
export function instanceId(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}
