import type { KV } from '@nats-io/kv';
import { parleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';

// Routers tell each other that they live by rewriting a key of their own. A key is changed by revision only, so that
// of a router that was paused and the peer that takes it for dead one wins.

const log = logger('lease');

/** What stands in a router's key. */
export interface RouterSign {
  /** When it last said that it lives: its calls end then, if it is dead. */
  readonly renewedAtMs: number;
  /** The peer that adopts its calls, if it was taken for dead. */
  readonly adoptedBy?: string;
}

export interface RouterLease {
  /** Gives the lease up, so that no peer waits for this router to look dead. */
  release(): Promise<void>;
}

export interface RouterLeaseOptions {
  readonly instance: string;
  readonly renewMs: number;
  readonly now: () => number;
  /** After each renewal: the broker is there. */
  readonly onRenewed: () => void;
  /** A peer took this router for dead: it must not go on. */
  readonly onLost: () => void;
}

/** Claims this router's key and keeps it. @param kv the bucket of the call routers' leases */
export async function claimRouterLease(kv: KV, options: RouterLeaseOptions): Promise<RouterLease> {
  const { instance, renewMs, now } = options;
  let revision = await kv.create(instance, sign({ renewedAtMs: now() }));
  let released = false;

  const renew = async (): Promise<void> => {
    try {
      revision = await kv.update(instance, sign({ renewedAtMs: now() }), revision);
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
      revision = await revisionIfOurs(kv, instance);
    }
    options.onRenewed();
  };
  const loop = async (): Promise<void> => {
    try {
      await renew();
    } catch (error) {
      if (released) return;
      if (error instanceof LostLease) return options.onLost();
      log.warn({ err: error }, 'the lease of this router could not be renewed; it is tried again');
    }
    if (!released) timer = setTimeout(() => void loop(), renewMs);
  };
  let timer: NodeJS.Timeout = setTimeout(() => void loop(), renewMs);
  return {
    release: async () => {
      released = true;
      clearTimeout(timer);
      await kv.delete(instance, { previousSeq: revision }).catch(() => undefined);
    },
  };
}

class LostLease extends Error {}

/** A renewal whose answer was lost is still ours; anything else in the key is a peer's verdict. */
async function revisionIfOurs(kv: KV, instance: string): Promise<number> {
  const entry = await kv.get(instance);
  if (entry === null || entry.operation !== 'PUT' || readSign(entry.value).adoptedBy !== undefined) throw new LostLease();
  return entry.revision;
}

/** A peer takes a dead router's key. @returns its new revision, or undefined if it lives after all or another peer was faster */
export async function takeRouterLease(kv: KV, dead: string, adoptedBy: string, seen: { readonly sign: RouterSign; readonly revision: number }): Promise<number | undefined> {
  try {
    return await kv.update(dead, sign({ renewedAtMs: seen.sign.renewedAtMs, adoptedBy }), seen.revision);
  } catch (error) {
    if (isWrongRevision(error)) return undefined;
    throw error;
  }
}

function sign(content: RouterSign): string {
  return JSON.stringify(content);
}

/** @throws ParleyError internal: nobody but routers writes there */
export function readSign(value: Uint8Array): RouterSign {
  try {
    const { renewedAtMs, adoptedBy } = JSON.parse(Buffer.from(value).toString('utf8')) as RouterSign;
    if (typeof renewedAtMs === 'number') return { renewedAtMs, ...(adoptedBy === undefined ? {} : { adoptedBy }) };
    throw new TypeError('renewedAtMs is missing');
  } catch (cause) {
    throw parleyError('internal', 'the lease of a router cannot be read', { cause });
  }
}

const wrongLastSequenceCode = 10071;

function isWrongRevision(error: unknown): boolean {
  return error instanceof Error && ((error as { code?: unknown }).code === wrongLastSequenceCode || /wrong last sequence/i.test(error.message));
}
