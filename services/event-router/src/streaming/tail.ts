import { setTimeout as sleep } from 'node:timers/promises';
import { eventStreams, type EventClass } from '@parley/bus';
import { assertKept, type Position, type StreamState } from '@parley/cursor';
import { isParleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import type { EventSource } from './event-source.ts';
import { RecentEvents, type RecentLimits } from './recent-events.ts';
import type { TailEvent } from './tail-event.ts';

const log = logger('tail');

export interface TailOptions {
  readonly source: EventSource;
  readonly recent: RecentLimits;
  /** How often the stream is looked at. */
  readonly checkMs: number;
  /** The next event, in stream order; the head has moved to it. */
  readonly onEvent: (event: TailEvent) => void;
  /** Whether the stream can be read: called when that changes. */
  readonly onAvailable: (isAvailable: boolean) => void;
  /** Events behind the head are gone, or the stream was made anew: nobody who stood there can go on. */
  readonly onGap: (error: unknown) => void;
}

const failuresUntilUnavailable = 2;

/** The live end of one class's stream, read once for all subscribers of this replica. */
export class Tail {
  readonly eventClass: EventClass;
  readonly stream: string;
  readonly #options: TailOptions;
  readonly #ending = new AbortController();
  #head!: Position;
  #state!: StreamState;
  #recent!: RecentEvents<TailEvent>;
  #reading: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #watching: Promise<void> | undefined;
  readonly #waiters = new Set<() => void>();
  #isWaking = false;
  #isAvailable = true;
  /** On the monotonic clock. */
  #lookedAtMs = -Infinity;

  constructor(eventClass: EventClass, options: TailOptions) {
    this.eventClass = eventClass;
    this.stream = eventStreams[eventClass];
    this.#options = options;
  }

  /** Up to here every event was handed on. */
  get head(): Position {
    return this.#head;
  }

  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** Whether it was looked at lately, and nothing was there that had not been handed on. */
  get isUpToDate(): boolean {
    return performance.now() - this.#lookedAtMs < 2 * this.#options.checkMs && this.lag === 0;
  }

  /** Events that the stream holds and that were not handed on yet, as of the last look. */
  get lag(): number {
    return Math.max(0, this.#state.lastSequence - this.#head.sequence);
  }

  /** Begins with what comes from now on. Resolves when it is known where that is. */
  async start(): Promise<void> {
    this.#beginAt(await this.#options.source.state(this.eventClass));
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#watching, this.#stopReading()]);
  }

  /** Whether all that follows a stream sequence is in memory. */
  covers(sequence: number): boolean {
    return this.#recent.covers(sequence);
  }

  /** The first `count` events behind a sequence that is covered. */
  following(sequence: number, count: number): readonly TailEvent[] {
    return this.#recent.following(sequence, count);
  }

  /** Resolves soon after the head has moved behind a sequence, or when the signal is aborted. */
  advanced(sequence: number, signal: AbortSignal): Promise<void> {
    if (this.#head.sequence > sequence || signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const release = () => {
      this.#waiters.delete(release);
      signal.removeEventListener('abort', release);
      resolve();
    };
    this.#waiters.add(release);
    signal.addEventListener('abort', release);
    return promise;
  }

  /**
   * That all that follows a position is kept, as of the last look at the stream.
   * @throws ParleyError `cursor.too_old`
   */
  assertKept(position: Position): void {
    assertKept(position, { ...this.#state, lastSequence: Math.max(this.#state.lastSequence, this.#head.sequence) });
  }

  #beginAt(state: StreamState): void {
    this.#know(state);
    this.#head = { incarnation: state.incarnation, sequence: state.lastSequence };
    this.#recent = new RecentEvents(state.lastSequence, this.#options.recent);
    this.#startReading();
  }

  #know(state: StreamState): void {
    this.#state = state;
    this.#lookedAtMs = performance.now();
  }

  #startReading(): void {
    const abort = new AbortController();
    const { eventClass, head } = this;
    const onEvent = (event: TailEvent) => {
      if (!abort.signal.aborted) this.#take(event);
    };
    const done = this.#options.source.read({ eventClass, after: head.sequence, onEvent, signal: abort.signal });
    this.#reading = { abort, done };
  }

  async #stopReading(): Promise<void> {
    this.#reading?.abort.abort();
    await this.#reading?.done;
  }

  #take(event: TailEvent): void {
    this.#head = { incarnation: this.#head.incarnation, sequence: event.sequence };
    this.#recent.push(event);
    this.#options.onEvent(event);
    this.#wake();
  }

  /** Once for all events that come in one go. */
  #wake(): void {
    if (this.#isWaking || this.#waiters.size === 0) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      for (const release of this.#waiters) release();
    });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      await sleep(this.#options.checkMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#look();
        failures = 0;
      } catch (error) {
        failures += 1;
        log.warn({ err: error, stream: this.stream }, 'the stream cannot be looked at');
        if (failures >= failuresUntilUnavailable) this.#setAvailable(false);
      }
    }
  }

  /** Nothing behind where the head stood at the last look may have been dropped since. */
  async #look(): Promise<void> {
    const checked = this.#head;
    const state = await this.#options.source.state(this.eventClass);
    try {
      assertKept(checked, state);
    } catch (error) {
      if (!isParleyError(error, 'cursor.too_old')) throw error;
      log.error({ stream: this.stream }, 'events are gone that were not handed on, or the stream was made anew');
      await this.#stopReading();
      this.#beginAt(state);
      this.#options.onGap(error);
      this.#setAvailable(true);
      return;
    }
    this.#know(state);
    if (this.#isAvailable) return;
    // What reads it may have given up with the stream.
    await this.#stopReading();
    this.#startReading();
    this.#setAvailable(true);
  }

  #setAvailable(isAvailable: boolean): void {
    if (this.#isAvailable === isAvailable) return;
    this.#isAvailable = isAvailable;
    this.#options.onAvailable(isAvailable);
  }
}
