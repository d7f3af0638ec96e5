import type { KV } from '@nats-io/kv';

// Members of a group tell each other that they live by rewriting their key. Whether a peer lives is judged by when
// *this* process last saw its key change, on this process's own monotonic clock: no clocks are compared, and a
// broker that was away for a while makes nobody look dead before everybody could have rewritten.

const memberPrefix = 'member.';

export interface MemberView {
  readonly revision: number;
  readonly seenAtMs: number;
}

/** Who is in the group, as this process sees it. */
export interface Members {
  /** Instances that are alive, this one included, sorted. */
  alive(nowMs: number): readonly string[];
  /** Keys of members that died without leaving. */
  dead(nowMs: number): readonly string[];
  observe(key: string, revision: number, deleted: boolean, nowMs: number): boolean;
}

/**
 * @param self this process's instance: alive for as long as it says so itself.
 * @param ttlMs without a sign of life for this long a peer counts as dead.
 */
export function createMembers(self: string, ttlMs: number): Members {
  const seen = new Map<string, MemberView>();
  const isAlive = (view: MemberView, nowMs: number) => nowMs - view.seenAtMs < ttlMs;
  const select = (nowMs: number, alive: boolean) =>
    [...seen].filter(([instance, view]) => instance !== self && isAlive(view, nowMs) === alive).map(([instance]) => instance);
  return {
    alive: (nowMs) => [self, ...select(nowMs, true)].sort(),
    dead: (nowMs) => select(nowMs, false),
    observe: (key, revision, deleted, nowMs) => {
      if (!key.startsWith(memberPrefix)) return false;
      const instance = key.slice(memberPrefix.length);
      if (deleted) seen.delete(instance);
      else if (seen.get(instance)?.revision !== revision) seen.set(instance, { revision, seenAtMs: nowMs });
      return true;
    },
  };
}

export function memberKey(instance: string): string {
  return `${memberPrefix}${instance}`;
}

/** One more sign of life. */
export async function renewMembership(kv: KV, instance: string): Promise<void> {
  await kv.put(memberKey(instance), '');
}
