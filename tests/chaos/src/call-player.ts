import type { PlannedCall } from './call-plan.ts';
import { liveCall, type LiveCall } from './live-call.ts';
import type { RepeatingPublisher } from './repeating-publisher.ts';
import { rest } from './rest.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface PlayOptions {
  readonly calls: readonly PlannedCall[];
  readonly publisher: RepeatingPublisher;
  readonly random: SeededRandom;
  /** How long all of it is to take; it takes longer where the system does not keep up. */
  readonly durationMs: number;
  /** Looked at now and then: nothing more is published while the subscribers are far behind. */
  readonly keepsUp: () => boolean;
  /** Ends it early. */
  readonly stop: AbortSignal;
}

const tickMs = 20;
const callsAtATime = 80;
/** After an outage of the broker it catches up by so much at most. */
const burstMs = 1_000;
const lookMs = 500;

/**
 * Plays calls side by side, at an even pace over all; the events of one call go out one after the other, as from an outbox.
 * Returns how many were played to their end.
 */
export async function playCalls({ calls, publisher, random, durationMs, keepsUp, stop }: PlayOptions): Promise<number> {
  const perMs = calls.reduce((sum, call) => sum + call.story().length, 0) / durationMs;
  const waiting = calls.values();
  const idle: LiveCall[] = [];
  const underWay = new Set<Promise<void>>();
  const failed = new AbortController();
  const end = AbortSignal.any([stop, failed.signal]);
  let [live, over, owed] = [0, 0, 0];
  let [lastMs, lookedMs, maySend] = [performance.now(), 0, true];

  const refill = () => {
    while (live < callsAtATime) {
      const { value } = waiting.next();
      if (value === undefined) return;
      live += 1;
      idle.push(liveCall(value));
    }
  };
  const step = async (call: LiveCall) => {
    const before = [...call.published];
    await publisher.publish(call.next(), before);
    if (!call.isOver()) return void idle.push(call);
    live -= 1;
    over += 1;
  };
  const begin = (call: LiveCall) => {
    const stepping = step(call)
      .catch((error: unknown) => failed.abort(error))
      .finally(() => underWay.delete(stepping));
    underWay.add(stepping);
  };

  while (!end.aborted) {
    refill();
    if (live === 0) break;
    const nowMs = performance.now();
    if (nowMs - lookedMs > lookMs) [lookedMs, maySend] = [nowMs, keepsUp()];
    owed = maySend ? Math.min(owed + perMs * (nowMs - lastMs), 1 + perMs * burstMs) : 0;
    lastMs = nowMs;
    for (; owed >= 1 && idle.length > 0; owed -= 1) begin(idle.splice(random.integer(0, idle.length - 1), 1)[0]!);
    await rest(tickMs, end);
  }
  await Promise.all(underWay);
  failed.signal.throwIfAborted();
  return over;
}
