import { setTimeout as sleep } from 'node:timers/promises';
import type { KV, KvEntry } from '@nats-io/kv';
import { logger } from '@parley/telemetry';
import { readSign, takeRouterLease, type RouterSign } from './router-lease.ts';

const log = logger('lease');

/** Sees which routers live. */
export interface RouterWatch {
  /** This router has renewed its own lease: time passes for its peers only while it can. */
  tick(): void;
  stop(): Promise<void>;
}

export interface RouterWatchOptions {
  readonly instance: string;
  /** Renewals of this router during which a peer's key did not change: then the peer is dead. */
  readonly deadAfterRenewals: number;
  /** A router is gone: dead since its last sign of life, or, having left in order, since now. */
  readonly onGone: (instance: string, atMs: number | undefined) => void;
  /** Adopts a dead router's calls; of all routers one does this at a time. May be asked again when it failed. */
  readonly adopt: (instance: string, atMs: number) => Promise<void>;
}

interface Peer {
  readonly sign: RouterSign;
  readonly revision: number;
  quietRenewals: number;
  adopting: boolean;
}

/**
 * Watches the other routers' keys. Whether one lives is judged by whether its key changes while this router can
 * renew its own: no clocks are compared, and a broker that was away makes nobody look dead.
 */
export function watchRouters(kv: KV, options: RouterWatchOptions): RouterWatch {
  const peers = new Map<string, Peer>();
  const stopped = new AbortController();
  const watching = follow(kv, peers, options, stopped.signal);
  return {
    tick: () => {
      for (const [instance, peer] of peers) {
        peer.quietRenewals += 1;
        if (peer.quietRenewals >= options.deadAfterRenewals && !peer.adopting) void bury(kv, options, peers, instance, peer);
      }
    },
    stop: async () => {
      stopped.abort();
      await watching;
    },
  };
}

const retryMs = 500;

/** Follows the keys until stopped, whatever the broker does meanwhile. */
async function follow(kv: KV, peers: Map<string, Peer>, options: RouterWatchOptions, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      const entries = await kv.watch();
      const stop = (): void => entries.stop();
      stopped.addEventListener('abort', stop, { once: true });
      if (stopped.aborted) stop();
      for await (const entry of entries) {
        if (entry.key !== options.instance) observe(entry, peers, options);
      }
    } catch (error) {
      if (!stopped.aborted) log.warn({ err: error }, 'the leases of routers cannot be followed; it is tried again');
    }
    if (!stopped.aborted) await sleep(retryMs, undefined, { signal: stopped }).catch(() => undefined);
  }
}

function observe(entry: KvEntry, peers: Map<string, Peer>, { onGone }: RouterWatchOptions): void {
  const known = peers.get(entry.key);
  if (entry.operation !== 'PUT') {
    // Of a router that was gone before this one looked there is nothing left to do.
    if (peers.delete(entry.key)) onGone(entry.key, known?.sign.adoptedBy === undefined ? undefined : known.sign.renewedAtMs);
    return;
  }
  const sign = readSign(entry.value);
  peers.set(entry.key, { sign, revision: entry.revision, quietRenewals: 0, adopting: known?.adopting ?? false });
  if (sign.adoptedBy !== undefined) onGone(entry.key, sign.renewedAtMs);
}

/** Takes the dead router's key, adopts its calls, and takes the key away. Fails at any point: it is tried again. */
async function bury(kv: KV, options: RouterWatchOptions, peers: Map<string, Peer>, instance: string, peer: Peer): Promise<void> {
  peer.adopting = true;
  try {
    const revision = await takeRouterLease(kv, instance, options.instance, peer);
    if (revision === undefined) return;
    log.warn({ dead: instance }, 'a router is dead; its calls are adopted');
    await options.adopt(instance, peer.sign.renewedAtMs);
    await kv.delete(instance, { previousSeq: revision });
  } catch (error) {
    log.warn({ err: error, dead: instance }, 'the calls of a dead router could not be adopted; it is tried again');
  } finally {
    const now = peers.get(instance);
    if (now !== undefined) peers.set(instance, { ...now, adopting: false });
  }
}
