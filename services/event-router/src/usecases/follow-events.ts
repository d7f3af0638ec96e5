import { setTimeout as sleep } from 'node:timers/promises';
import { attributeOf, classTypePrefixes, eventStreams, type EventClass, type StreamedEvent } from '@parley/bus';
import { isParleyError, parleyError } from '@parley/errors';
import { compileFilter, requiredClasses, type EventFilter, type Passes } from '@parley/filters';
import { logger } from '@parley/telemetry';
import { assertKept, type Position, type Positions } from '../domain/cursor.ts';
import type { CursorCodec } from './cursor-codec.ts';
import type { EventSource } from './event-source.ts';

const log = logger('follow-events');

/** What a subscriber gets: an event, or a heartbeat; and the cursor with which it goes on after it. */
export interface SubscriberMessage {
  readonly cursor: string;
  readonly event?: StreamedEvent;
}

/** A client that is connected and reads. */
export interface Subscriber {
  readonly accountId: string;
  readonly filter: EventFilter;
  /** Where it goes on. */
  readonly positions: Positions;
  /** Hands a message over at once; resolves when there is room for the next. */
  readonly send: (message: SubscriberMessage) => Promise<void>;
  /** Aborted when the client has gone, or should go. */
  readonly signal: AbortSignal;
}

export interface FollowOptions {
  readonly source: EventSource;
  readonly codec: CursorCodec;
  readonly heartbeatMs: number;
  /** A client that makes no room for so long is sent away. */
  readonly stallMs: number;
}

/**
 * Sends a subscriber its events, in order per source, each at least once, until its signal is aborted. It begins with a
 * heartbeat, so that even a client that is lost at once can come back.
 * @throws ParleyError `cursor.too_old` when the streams drop events that it has not had yet;
 *   `subscription.slow_consumer`; and what `send` throws.
 */
export async function followEvents(options: FollowOptions, subscriber: Subscriber): Promise<void> {
  await new Follower(options, subscriber).run();
}

class Follower {
  readonly #options: FollowOptions;
  readonly #subscriber: Subscriber;
  readonly #passes: Passes;
  readonly #classes: readonly EventClass[];
  readonly #positions: Map<string, Position>;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #failure: { readonly error: unknown } | undefined;
  #waiting = 0;

  constructor(options: FollowOptions, subscriber: Subscriber) {
    this.#options = options;
    this.#subscriber = subscriber;
    this.#passes = compileFilter(subscriber.filter);
    this.#classes = requiredClasses(subscriber.filter, classTypePrefixes);
    this.#positions = new Map(Object.entries(subscriber.positions));
    this.#signal = AbortSignal.any([subscriber.signal, this.#ending.signal]);
  }

  async run(): Promise<void> {
    await this.#guarded(() => this.#send());
    await Promise.all([...this.#classes.map((eventClass) => this.#read(eventClass)), this.#guarded(() => this.#beat())]);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #read(eventClass: EventClass): Promise<void> {
    const { accountId } = this.#subscriber;
    const after = this.#positions.get(eventStreams[eventClass])!.sequence;
    const onEvent = (event: StreamedEvent) => this.#guarded(() => this.#take(event));
    return this.#options.source.read({ eventClass, accountId, after, onEvent, signal: this.#signal });
  }

  async #take(event: StreamedEvent): Promise<void> {
    // The subject that is read says so already. Should that ever be wrong, nobody else's event may leave the house.
    if (event.accountId !== this.#subscriber.accountId) throw parleyError('internal', 'an event of another account was read');
    this.#moveTo(event.stream, event.streamSequence);
    if (this.#passes({ attribute: (name) => attributeOf(event, name) })) await this.#send(event);
  }

  async #beat(): Promise<void> {
    for (let checked = this.#snapshot(); !this.#signal.aborted; ) {
      await sleep(this.#options.heartbeatMs, undefined, { signal: this.#signal }).catch(() => undefined);
      if (this.#signal.aborted) return;
      checked = await this.#moveOn(checked);
      // A client that is behind has its next message waiting already.
      if (this.#waiting === 0) await this.#send();
    }
  }

  /**
   * Moves the cursor past what is not the subscriber's, so that a quiet filter does not age out.
   * @param checked where it stood when the streams were looked at last: nothing after it may have been dropped since.
   * @returns where it stands now.
   */
  async #moveOn(checked: Positions): Promise<Positions> {
    try {
      const states = await this.#options.source.states();
      for (const [stream, state] of Object.entries(states)) assertKept(checked[stream]!, state);
      for (const eventClass of Object.keys(eventStreams) as EventClass[]) {
        const stream = eventStreams[eventClass];
        await this.#moveThroughQuiet(eventClass, stream, states[stream]!.lastSequence);
      }
      return this.#snapshot();
    } catch (error) {
      if (isParleyError(error, 'cursor.too_old')) throw error;
      log.warn({ err: error }, 'the cursor cannot be moved on: the broker does not answer');
      return checked;
    }
  }

  async #moveThroughQuiet(eventClass: EventClass, stream: string, last: number): Promise<void> {
    if (!this.#classes.includes(eventClass)) return this.#moveTo(stream, last);
    const { sequence } = this.#positions.get(stream)!;
    const next = sequence < last ? await this.#options.source.next(eventClass, this.#subscriber.accountId, sequence) : undefined;
    this.#moveTo(stream, next === undefined ? last : next - 1);
  }

  #moveTo(stream: string, sequence: number): void {
    const position = this.#positions.get(stream)!;
    if (sequence > position.sequence) this.#positions.set(stream, { ...position, sequence });
  }

  #snapshot(): Positions {
    return Object.fromEntries(this.#positions);
  }

  /** The cursor is taken and the message handed over in one go: a later event cannot slip in between. */
  async #send(event?: StreamedEvent): Promise<void> {
    const cursor = this.#options.codec.encode({ accountId: this.#subscriber.accountId, positions: this.#snapshot() });
    this.#waiting += 1;
    try {
      await this.#withinStallTime(this.#subscriber.send({ cursor, ...(event === undefined ? {} : { event }) }));
    } finally {
      this.#waiting -= 1;
    }
  }

  async #withinStallTime(room: Promise<void>): Promise<void> {
    const interrupted = Promise.withResolvers<never>();
    const late = () => interrupted.reject(parleyError('subscription.slow_consumer', 'the client reads too slowly; come back with the cursor'));
    const ended = () => interrupted.reject(parleyError('request.cancelled', 'the stream has ended'));
    const timer = setTimeout(late, this.#options.stallMs);
    this.#signal.addEventListener('abort', ended, { once: true });
    try {
      await Promise.race([room, interrupted.promise]);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', ended);
    }
  }

  /** The first failure ends everything; after the client has gone, none is one. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (!this.#signal.aborted) this.#failure = { error };
      this.#ending.abort();
    }
  }
}
