import type { KV } from '@nats-io/kv';
import { logger } from '@parley/telemetry';
import { adoptCalls, adoptOrphans } from '../usecases/adopt-calls.ts';
import { loseRouter } from '../usecases/lose-router.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { claimRouterLease } from './router-lease.ts';
import { watchRouters } from './router-watch.ts';

const log = logger('lease');

export interface RouterGroupOptions {
  readonly renewMs: number;
  readonly deadAfterRenewals: number;
  /** Peers took this router for dead: its calls are theirs, and it must end. */
  readonly onLost: () => void;
}

/** Joins the routers that look after each other's calls. @returns what leaves them */
export async function joinRouters(kv: KV, ports: RouterPorts, { renewMs, deadAfterRenewals, onLost }: RouterGroupOptions): Promise<() => Promise<void>> {
  const { instance, now } = ports;
  const watch = watchRouters(kv, {
    instance,
    deadAfterRenewals,
    onGone: (gone, atMs) => {
      loseRouter(ports, gone, atMs);
      // One that left in order may have left callbacks that were not out.
      if (atMs === undefined) adoptCalls(ports, gone, now()).catch((error: unknown) => log.warn({ err: error, gone }, 'what a router left was not adopted'));
    },
    adopt: async (dead, atMs) => {
      await adoptCalls(ports, dead, atMs);
      await ports.directory.forget(dead);
    },
  });
  const lease = await claimRouterLease(kv, {
    instance,
    renewMs,
    now,
    onRenewed: () => watch.tick(),
    onLost: () => {
      ports.calls.abandonAll();
      onLost();
    },
  });
  await adoptOrphans(ports, async (owner) => (await kv.get(owner))?.operation === 'PUT');
  return async () => {
    await watch.stop();
    await lease.release();
  };
}
