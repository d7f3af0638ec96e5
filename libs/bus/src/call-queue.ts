import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamedEvent } from './event.ts';
import type { ParkedMessage } from './parking.ts';

/** What became of an event: new and applied; known already; or in need of another event of its call first. */
export type Outcome = 'applied' | 'duplicate' | 'wait';

/**
 * The event was taken over: later events of its call may be handled at once, and it is done when `settled` resolves. Until
 * then the stored position stays before it, so that a crash has it handled again. `settled` never rejects; if the work is
 * cut off with the partition it stays pending.
 */
export interface Taken {
  readonly outcome: 'taken';
  readonly settled: Promise<void>;
}

/** What became of one event. */
export type Handled = Outcome | Taken;

/**
 * Handles events of one call, in this order: those of a source are in sequence, what waits among them waits for another source.
 * @returns what became of the first ones, of one at least; the others come again.
 * @throws for the first one's sake: of what a later one throws nothing is known until it is the first.
 */
export type HandleEvents<Context extends readonly unknown[] = []> = (events: readonly [StreamedEvent, ...StreamedEvent[]], ...context: Context) => Promise<readonly Handled[]>;

/** For who has nothing to gain from several at a time. */
export function oneByOne<Context extends readonly unknown[]>(handle: (event: StreamedEvent, ...context: Context) => Promise<Handled>): HandleEvents<Context> {
  return async ([event], ...context) => [await handle(event, ...context)];
}

export interface QueuedEvent {
  readonly event: StreamedEvent;
  /** The event as it came, for parking: what this build does not know of it must survive. */
  readonly message: () => ParkedMessage;
  /** The event needs no further work of this queue's. */
  readonly done: (how: 'handled' | 'parked') => void;
}

export interface CallQueueOptions {
  readonly handle: HandleEvents;
  /** Whether a failure will pass without anybody's doing (the database is away), so that the event is tried for ever. */
  readonly isTransient: (error: unknown) => boolean;
  /** Attempts at an event that fails for its own sake. */
  readonly attempts: number;
  /** How long an event may wait for another one. */
  readonly gapTimeoutMs: number;
  readonly firstRetryMs: number;
  readonly signal: AbortSignal;
  /** Nothing is queued any more. */
  readonly onEmpty?: () => void;
  /** The call cannot go on: take everything that is queued, in order. */
  readonly park: (failure: unknown, queued: readonly QueuedEvent[]) => Promise<void>;
}

const lastRetryMs = 2_000;
/** Of events that are handled together: what follows from all of them is one document. */
const mostTogether = 32;

/**
 * The events of one call: those that are there, together. Each source has a lane: its events keep their order, and one that waits
 * for an event of another source does not hold that one up. Between sources order is causal only, so waiting is normal.
 */
export class CallQueue {
  readonly #options: CallQueueOptions;
  readonly #lanes = new Map<string, QueuedEvent[]>();
  readonly #waiting = new Set<string>();
  /** When the head of a lane first had to wait, on the monotonic clock. */
  readonly #waitingSinceMs = new Map<string, number>();
  #running: Promise<void> | undefined;
  #gapTimer: NodeJS.Timeout | undefined;

  constructor(options: CallQueueOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  add(queued: QueuedEvent): void {
    const lane = this.#lanes.get(queued.event.source);
    if (lane === undefined) this.#lanes.set(queued.event.source, [queued]);
    else lane.push(queued);
    this.#start();
  }

  /** Resolves when nothing is being worked on; events that wait may still be queued. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #start(): void {
    if (this.#running !== undefined || this.#options.signal.aborted) return;
    clearTimeout(this.#gapTimer);
    this.#run(() => this.#drain());
  }

  #run(work: () => Promise<void>): void {
    this.#running = work().finally(() => {
      this.#running = undefined;
      if (this.#options.signal.aborted) return;
      if (this.#runnable().length > 0) this.#start();
      else if (this.isEmpty) this.#options.onEmpty?.();
      else this.#awaitGap();
    });
  }

  #awaitGap(): void {
    const longestWaitMs = performance.now() - Math.min(...this.#waitingSinceMs.values());
    const giveUp = () => {
      if (this.#running === undefined && !this.#options.signal.aborted) this.#run(() => this.#parkUnlessReady());
    };
    this.#gapTimer = setTimeout(giveUp, Math.max(0, this.#options.gapTimeoutMs - longestWaitMs)).unref();
  }

  /** What was waited for may have been handled elsewhere meanwhile: of that nothing is heard here but, at best, a duplicate. */
  async #parkUnlessReady(): Promise<void> {
    this.#waiting.clear();
    await this.#drain();
    const { gapTimeoutMs, signal } = this.#options;
    const isOverdue = [...this.#waitingSinceMs.values()].some((sinceMs) => performance.now() - sinceMs >= gapTimeoutMs);
    if (isOverdue && !signal.aborted) await this.#park(new GapError());
  }

  /** Lane by lane. */
  #runnable(): readonly QueuedEvent[] {
    const queued: QueuedEvent[] = [];
    for (const [source, lane] of this.#lanes) {
      if (!this.#waiting.has(source)) queued.push(...lane.slice(0, mostTogether - queued.length));
      if (queued.length === mostTogether) break;
    }
    return queued;
  }

  async #drain(): Promise<void> {
    for (let queued = this.#runnable(); queued.length > 0; queued = this.#runnable()) {
      const [first, ...others] = queued.map(({ event }) => event);
      const result = await this.#attempt([first!, ...others]);
      if (this.#options.signal.aborted) return;
      if ('error' in result) return this.#park(result.error);
      for (const [index, handled] of result.handled.entries()) this.#conclude(queued[index]!, handled);
    }
  }

  #conclude(queued: QueuedEvent, handled: Handled): void {
    const { source } = queued.event;
    if (handled === 'wait') this.#wait(source);
    else this.#advance(source, queued, handled);
  }

  #wait(source: string): void {
    this.#waiting.add(source);
    if (!this.#waitingSinceMs.has(source)) this.#waitingSinceMs.set(source, performance.now());
  }

  #advance(source: string, head: QueuedEvent, handled: Exclude<Handled, 'wait'>): void {
    const lane = this.#lanes.get(source)!;
    // Behind one that waits nothing of its source can be done: it comes again.
    if (lane[0] !== head) return;
    lane.shift();
    if (lane.length === 0) this.#lanes.delete(source);
    this.#waitingSinceMs.delete(source);
    // What waited may have waited for this.
    if (handled !== 'duplicate') this.#waiting.clear();
    if (typeof handled === 'string') head.done('handled');
    else void handled.settled.then(() => head.done('handled'));
  }

  async #attempt(events: Parameters<HandleEvents>[0]): Promise<{ readonly handled: readonly Handled[] } | { readonly error: unknown }> {
    const { handle, isTransient, attempts, firstRetryMs, signal } = this.#options;
    let failures = 0;
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, lastRetryMs)) {
      try {
        return { handled: await handle(events) };
      } catch (error) {
        if (!isTransient(error)) failures += 1;
        if (failures >= attempts || signal.aborted) return { error };
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #park(failure: unknown): Promise<void> {
    const queued = [...this.#lanes.values()].flat();
    this.#lanes.clear();
    this.#waiting.clear();
    this.#waitingSinceMs.clear();
    await this.#options.park(failure, queued);
  }
}

/** An event waited too long for one that should have come before it. */
export class GapError extends Error {
  override readonly name = 'GapError';
  constructor() {
    super('an earlier event of this call is missing');
  }
}
