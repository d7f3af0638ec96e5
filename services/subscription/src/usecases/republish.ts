import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '@parley/telemetry';

const log = logger('republish');
const intervalMs = 5_000;

/**
 * Now and then makes known what a crash, or a broker that was away, left unannounced: nobody may ever come back to the
 * account to do it.
 */
export function startRepublishing(accounts: { publishPending(): Promise<number> }): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        const found = await accounts.publishPending();
        if (found > 0) log.info({ accounts: found }, 'changes were made known that had not been');
      } catch (error) {
        log.warn({ err: error }, 'changes could not be made known; tried again');
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
