import { apply, awaitsEnd, type Observation } from '../domain/observation.ts';
import type { ObservationKey, ObservationStore } from './observation-store.ts';

export interface EndWaitOptions {
  readonly store: ObservationStore;
  /** How long after the end of a call, or after the last observation that still came in, the next one is waited for ... */
  readonly quietMs: number;
  /** ... and how long after the end at most. */
  readonly maxMs: number;
  readonly partitionOf: (callId: string) => number;
  /** UTC. */
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

/** Where the database does not answer, the end is tried again after this. */
const RETRY_MS = 1_000;

/**
 * Ends observations that nobody finishes: a device that is gone, or lost its network. The timers belong to the owner of
 * the call's partition; what they wait for is in the database, so that the next owner goes on waiting.
 */
export class EndWaits {
  readonly #options: EndWaitOptions;
  readonly #timers = new Map<string, { readonly partition: number; readonly timer: NodeJS.Timeout }>();
  readonly #working = new Set<Promise<void>>();

  constructor(options: EndWaitOptions) {
    this.#options = options;
  }

  /** Waits anew: after a takeover a device needs the time to come back, too. */
  start(key: ObservationKey): void {
    this.#startTimer(key, this.#options.quietMs);
  }

  async gained(partition: number): Promise<void> {
    for (const key of await this.#options.store.awaitingEnd(partition)) this.start(key);
  }

  /** Resolves when nothing of the partition is being worked on any more. */
  async lost(partition: number): Promise<void> {
    for (const [id, waiting] of this.#timers) {
      if (waiting.partition !== partition) continue;
      clearTimeout(waiting.timer);
      this.#timers.delete(id);
    }
    await Promise.all(this.#working);
  }

  #startTimer(key: ObservationKey, delayMs: number): void {
    const id = `${key.callId}/${key.party}`;
    clearTimeout(this.#timers.get(id)?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      const work = this.#end(key).finally(() => this.#working.delete(work));
      this.#working.add(work);
    }, delayMs);
    this.#timers.set(id, { partition: this.#options.partitionOf(key.callId), timer });
  }

  async #end(key: ObservationKey): Promise<void> {
    let againInMs: number | undefined;
    try {
      await this.#options.store.change(key, (found) => {
        if (!found || !awaitsEnd(found)) return undefined;
        againInMs = this.#leftMs(found);
        return againInMs > 0 ? undefined : apply([{ type: 'expire' }], found);
      });
    } catch (error) {
      this.#options.onError(error);
      againInMs = RETRY_MS;
    }
    if (againInMs !== undefined && againInMs > 0) this.#startTimer(key, againInMs);
  }

  /** A device that still sends is let finish. */
  #leftMs({ activeAtMs, endAwaitedSinceMs = 0 }: Observation): number {
    const { quietMs, maxMs, nowMs } = this.#options;
    return Math.min(activeAtMs + quietMs, endAwaitedSinceMs + maxMs) - nowMs();
  }
}
