import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '@parley/telemetry';
import type { ReloadRepository } from '../store/reload-repository.ts';

const log = logger('webhook');
const pollMs = 500;

export interface ReloadWatch {
  stop(): Promise<void>;
}

/**
 * Learns of deliveries that another replica put into a partition of this one: redriven or replayed ones.
 * @param reload whether the partition is this replica's, and was read again
 */
export function watchReloads(reloads: ReloadRepository, reload: (partition: number) => Promise<boolean>): ReloadWatch {
  const stopping = new AbortController();
  const { signal } = stopping;
  const watch = async () => {
    while (!signal.aborted) {
      try {
        for (const request of await reloads.all()) if (await reload(request.partition)) await reloads.done(request);
      } catch (error) {
        log.warn({ err: error }, 'deliveries of others cannot be looked for; tried again');
      }
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}
