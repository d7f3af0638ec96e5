import { eventStreams, type EventClass } from '@parley/bus';
import type { Positions } from '@parley/cursor';
import type { EventSource } from './event-source.ts';
import { LiveGroups } from './live-groups.ts';
import type { Notice } from './message-batch.ts';
import type { RecentLimits } from './recent-events.ts';
import { Tail } from './tail.ts';

export const eventClasses = Object.keys(eventStreams) as EventClass[];

export interface TailsOptions {
  readonly source: EventSource;
  /** Of each class. */
  readonly recent: RecentLimits;
  /** How often each stream is looked at. */
  readonly checkMs: number;
}

/** A subscriber that is not live, or not yet: told what the live ones are told. */
export interface TailObserver {
  /** @param eventClass which it concerns; undefined: all */
  readonly onNotice: (notice: Notice, eventClass: EventClass | undefined) => void;
  /** It cannot go on from anywhere before now. */
  readonly onGap: (error: unknown) => void;
}

/** The live ends of all classes' streams, each on its own, and who is at them. */
export class Tails {
  readonly live: LiveGroups;
  readonly observers = new Set<TailObserver>();
  readonly #tails: Readonly<Record<EventClass, Tail>>;
  #heads: Positions = {};

  constructor({ source, recent, checkMs }: TailsOptions) {
    const tail = (eventClass: EventClass) =>
      new Tail(eventClass, {
        source,
        recent,
        checkMs,
        onEvent: (event) => {
          this.#noteHead(eventClass);
          this.live.accept(event);
        },
        onAvailable: (isAvailable) => this.notify({ kind: isAvailable ? 'restored' : 'degraded', eventClass }, eventClass),
        onGap: (error) => {
          this.#noteHead(eventClass);
          for (const observer of this.observers) observer.onGap(error);
        },
      });
    this.#tails = { call: tail('call'), reaction: tail('reaction'), billing: tail('billing') };
    this.live = new LiveGroups(() => this.#heads);
  }

  /** Up to here every event was handed on. */
  get heads(): Positions {
    return this.#heads;
  }

  of(eventClass: EventClass): Tail {
    return this.#tails[eventClass];
  }

  get all(): readonly Tail[] {
    return eventClasses.map((eventClass) => this.of(eventClass));
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((tail) => tail.start()));
    for (const eventClass of eventClasses) this.#noteHead(eventClass);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((tail) => tail.stop()));
  }

  #noteHead(eventClass: EventClass): void {
    const { stream, head } = this.of(eventClass);
    this.#heads = { ...this.#heads, [stream]: head };
  }

  /** Tells every subscriber, or those who asked for the class. */
  notify(notice: Notice, eventClass?: EventClass): void {
    this.live.notify(notice, eventClass);
    for (const observer of this.observers) observer.onNotice(notice, eventClass);
  }
}
