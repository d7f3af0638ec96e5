import type { KV } from '@nats-io/kv';
import { isParleyError, parleyError } from '@parley/errors';

/** Which router holds which device: a key per device, whose value is the router's instance. */
export interface DeviceDirectory {
  /** The device is connected to this router now. @returns what takes the entry away, unless a newer one is in its place */
  register(accountId: string, address: string): Promise<() => Promise<void>>;
  /** Instance of the router that holds the device, if any does. */
  lookup(accountId: string, address: string): Promise<string | undefined>;
  /** Takes away the entries of a router that is gone. */
  forget(instance: string): Promise<void>;
}

/** @param kv the bucket `devices` */
export function createDeviceDirectory(kv: KV, instance: string): DeviceDirectory {
  return {
    register: async (accountId, address) => {
      const key = entryKey(accountId, address);
      const revision = await available(() => kv.put(key, instance));
      return () => deleteRevision(kv, key, revision);
    },
    lookup: async (accountId, address) => {
      const entry = await available(() => kv.get(entryKey(accountId, address)));
      return entry === null || entry.operation !== 'PUT' ? undefined : entry.string();
    },
    forget: async (gone) => {
      for await (const key of await kv.keys()) {
        const entry = await kv.get(key);
        if (entry?.operation === 'PUT' && entry.string() === gone) await deleteRevision(kv, key, entry.revision);
      }
    },
  };
}

/** Addresses hold characters that a key may not; base64url keeps them apart and unreadable in lists of keys. */
function entryKey(accountId: string, address: string): string {
  return `${accountId}.${Buffer.from(address).toString('base64url')}`;
}

/** A newer entry, which has another revision, stays. */
async function deleteRevision(kv: KV, key: string, revision: number): Promise<void> {
  await kv.delete(key, { previousSeq: revision }).catch(() => undefined);
}

async function available<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw isParleyError(cause) ? cause : parleyError('bus.unavailable', 'the registry of devices does not answer', { cause });
  }
}
