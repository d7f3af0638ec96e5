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
  /** Ends it early. */
  readonly stop: AbortSignal;
}

const tickMs = 20;
const callsAtATime = 80;
/** Behind an outage of the broker: so many times the pace at most. */
const catchUp = 3;

/** Plays calls side by side, at an even pace over all; the events of one call go out one after the other, as from an outbox. */
export async function playCalls({ calls, publisher, random, durationMs, stop }: PlayOptions): Promise<void> {
  const perTick = (calls.reduce((sum, call) => sum + call.story().length, 0) * tickMs) / durationMs;
  const waiting = calls.values();
  const idle: LiveCall[] = [];
  const underWay = new Set<Promise<void>>();
  const failed = new AbortController();
  const end = AbortSignal.any([stop, failed.signal]);
  let [live, owed] = [0, 0];

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
    if (call.isOver()) live -= 1;
    else idle.push(call);
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
    owed = Math.min(owed + perTick, perTick * catchUp * 10);
    for (let sent = 0; owed >= 1 && sent < Math.max(1, perTick * catchUp) && idle.length > 0; sent += 1, owed -= 1) {
      begin(idle.splice(random.integer(0, idle.length - 1), 1)[0]!);
    }
    await rest(tickMs, end);
  }
  await Promise.all(underWay);
  failed.signal.throwIfAborted();
}
