import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventClass } from '@parley/bus';
import type { Position, Positions } from '@parley/cursor';
import { parleyError } from '@parley/errors';
import type { ClientConnection } from './client-connection.ts';
import type { EventSource } from './event-source.ts';
import type { LiveMember } from './live-group.ts';
import { SubscriberMessage, type Content, type Notice } from './message-batch.ts';
import { Outbox } from './outbox.ts';
import { readStored } from './read-stored.ts';
import type { SubscriberFilter } from './subscriber-filter.ts';
import type { Tail } from './tail.ts';
import type { TailEvent } from './tail-event.ts';
import { eventClasses, type Tails } from './tails.ts';

export interface FollowOptions {
  readonly tails: Tails;
  readonly source: EventSource;
  readonly heartbeatMs: number;
  /** A client that makes no room for so long is sent away. */
  readonly stallMs: number;
}

/** Looks at each of the account's events that a client which is behind has not had yet. @throws ParleyError to end its stream */
export type Inspect = (event: TailEvent, eventClass: EventClass) => void;

export interface FollowRequest {
  readonly filter: SubscriberFilter;
  /** Where it goes on. */
  readonly positions: Positions;
  readonly connection: ClientConnection;
  /** Aborted when the client has gone, or should go. */
  readonly signal: AbortSignal;
  readonly inspect: Inspect;
}

/** So many events are looked at in one go; then others have their turn. */
const pieceSize = 256;

/**
 * Brings one client its events, in order per source, each at least once, until its signal is aborted. It begins with a
 * heartbeat, so that even a client that is lost at once can come back.
 *
 * A client that is behind is served on its own: what is no longer in memory from the stream, then what is. Once it has had
 * all there is, in every class at the same instant, it joins those that are live. When it has no room any more it leaves
 * them, and is behind again from where it stands. So no client has a queue of its own, and none slows another down; a
 * class whose stream cannot be read holds up itself alone.
 *
 * @throws ParleyError `cursor.too_old` when events are gone that it has not had yet; `subscription.slow_consumer`
 */
export async function followEvents(options: FollowOptions, request: FollowRequest): Promise<void> {
  await new Follower(options, request).run();
}

class Follower {
  readonly #options: FollowOptions;
  readonly #request: FollowRequest;
  readonly #outbox: Outbox;
  readonly #positions: Map<string, Position>;
  readonly #unasked: readonly EventClass[];
  readonly #ended = Promise.withResolvers<void>();
  readonly #ending = new AbortController();
  /** While it is live. */
  #member: LiveMember | undefined;
  /** While it is behind: aborted when it joins or ends. */
  #approaching = new AbortController();
  /** While it is live: resolves when it lags or ends. */
  #left = Promise.withResolvers<void>();
  #hadSomething = true;

  constructor(options: FollowOptions, request: FollowRequest) {
    this.#options = options;
    this.#request = request;
    this.#outbox = new Outbox(request.connection, options.stallMs);
    this.#positions = new Map(Object.entries(request.positions));
    this.#unasked = eventClasses.filter((eventClass) => !request.filter.classes.includes(eventClass));
    this.#ended.promise.catch(() => undefined);
  }

  async run(): Promise<void> {
    const { tails, heartbeatMs } = this.#options;
    const observer = { onNotice: (notice: Notice, eventClass: EventClass | undefined) => this.#onNotice(notice, eventClass), onGap: (error: unknown) => this.#end(error) };
    const onAbort = () => this.#end();
    this.#request.signal.addEventListener('abort', onAbort, { once: true });
    const beating = setInterval(() => this.#beat(), heartbeatMs);
    tails.observers.add(observer);
    try {
      if (this.#request.signal.aborted) return;
      this.#send({});
      while (!this.#ending.signal.aborted) await this.#catchUpThenLive();
      await this.#ended.promise;
    } finally {
      clearInterval(beating);
      this.#outbox.close();
      tails.observers.delete(observer);
      this.#request.signal.removeEventListener('abort', onAbort);
      this.#leave();
    }
  }

  async #catchUpThenLive(): Promise<void> {
    this.#approaching = new AbortController();
    const { classes } = this.#request.filter;
    await Promise.all(classes.map((eventClass) => this.#approach(eventClass).catch((error: unknown) => this.#end(error))));
    // A filter that no class can pass has nobody to join.
    if (classes.length === 0) await this.#ended.promise;
    else if (this.#member !== undefined) await this.#left.promise;
  }

  /** Brings one class to the head of its stream and keeps it there, until all classes are there and the client joins. */
  async #approach(eventClass: EventClass): Promise<void> {
    const tail = this.#options.tails.of(eventClass);
    const { signal } = this.#approaching;
    while (!signal.aborted) {
      await this.#outbox.room();
      if (!tail.covers(this.#sequence(tail.stream))) {
        await this.#readStored(eventClass);
        continue;
      }
      this.#takeRecent(eventClass);
      if (this.#sequence(tail.stream) < tail.head.sequence) await nextTurn();
      else if (!this.#join()) await tail.advanced(tail.head.sequence, signal);
    }
  }

  #readStored(eventClass: EventClass): Promise<void> {
    const { tails, source, heartbeatMs } = this.#options;
    const tail = tails.of(eventClass);
    return readStored({
      tail,
      source,
      accountId: this.#request.filter.accountId,
      from: this.#positions.get(tail.stream)!,
      forMs: heartbeatMs,
      take: (event) => {
        this.#take(tail, event);
        return this.#outbox.isOpen ? undefined : this.#outbox.room();
      },
      moveTo: (sequence) => this.#moveTo(tail.stream, sequence),
      signal: this.#ending.signal,
    });
  }

  #takeRecent(eventClass: EventClass): void {
    const tail = this.#options.tails.of(eventClass);
    for (const event of tail.following(this.#sequence(tail.stream), pieceSize)) {
      if (!this.#outbox.isOpen) return;
      this.#take(tail, event);
    }
  }

  #take({ stream, eventClass }: Tail, event: TailEvent): void {
    const { filter, inspect } = this.#request;
    this.#moveTo(stream, event.sequence);
    if (event.accountId !== filter.accountId) return;
    inspect(event, eventClass);
    if (event.event !== undefined && filter.passes(event)) this.#send({ event });
  }

  /** Joins those that are live, if every class is, or can be brought, to its head. */
  #join(): boolean {
    // Another class was faster, or the client has gone.
    if (this.#approaching.signal.aborted) return true;
    const { tails } = this.#options;
    const { filter, connection } = this.#request;
    for (const eventClass of filter.classes) {
      const tail = tails.of(eventClass);
      if (!tail.covers(this.#sequence(tail.stream))) return false;
      this.#takeRecent(eventClass);
      if (this.#sequence(tail.stream) !== tail.head.sequence) return false;
    }
    if (!this.#outbox.flush()) return false;
    this.#left = Promise.withResolvers();
    this.#member = { connection, onLagging: (positions) => this.#lag(positions) };
    tails.live.join(this.#member, filter);
    this.#approaching.abort();
    return true;
  }

  #leave(): void {
    if (this.#member !== undefined) this.#options.tails.live.leave(this.#member, this.#request.filter);
    this.#member = undefined;
  }

  #lag(positions: Positions): void {
    this.#leave();
    for (const [stream, position] of Object.entries(positions)) this.#positions.set(stream, position);
    this.#outbox.block();
    this.#left.resolve();
  }

  #end(error?: unknown): void {
    if (this.#ending.signal.aborted) return;
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
    this.#ending.abort();
    this.#leave();
    this.#approaching.abort();
    this.#left.resolve();
  }

  /** Those that are live are told together. */
  #onNotice(notice: Notice, eventClass: EventClass | undefined): void {
    if (this.#member !== undefined) return;
    if (eventClass === undefined || this.#request.filter.classes.includes(eventClass)) this.#send({ notice });
  }

  /** Those that are live have theirs together. A client that is behind for long may have little that passes its filter. */
  #beat(): void {
    if (this.#member === undefined && !this.#hadSomething && this.#outbox.isOpen) this.#send({});
    this.#hadSomething = false;
  }

  /** The cursor is taken and the message added in one go: a later event cannot slip in between. */
  #send(content: Content): void {
    this.#hadSomething = true;
    this.#outbox.add(new SubscriberMessage(content, this.#moved(), this.#request.filter.encodeCursor));
  }

  /** What it did not ask for is behind it. */
  #moved(): Positions {
    for (const eventClass of this.#unasked) {
      const { stream, head } = this.#options.tails.of(eventClass);
      this.#positions.set(stream, head);
    }
    return Object.fromEntries(this.#positions);
  }

  #sequence(stream: string): number {
    return this.#positions.get(stream)!.sequence;
  }

  #moveTo(stream: string, sequence: number): void {
    const position = this.#positions.get(stream);
    if (position === undefined) throw parleyError('internal', 'a stream without a position is read');
    if (sequence > position.sequence) this.#positions.set(stream, { ...position, sequence });
  }
}
