import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, at most until the signal aborts. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
