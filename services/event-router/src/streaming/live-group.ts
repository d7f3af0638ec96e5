import type { Positions } from '@parley/cursor';
import type { ClientConnection, Transport } from './client-connection.ts';
import { countDelivery, recordLatency } from './delivery-metrics.ts';
import { MessageBatch, SubscriberMessage, type Content } from './message-batch.ts';
import type { SubscriberFilter } from './subscriber-filter.ts';
import type { TailEvent } from './tail-event.ts';

/** A subscriber that has had all there is. */
export interface LiveMember {
  readonly connection: ClientConnection;
  /** It has no room any more: it has had everything up to these positions, and is no member any longer. */
  readonly onLagging: (positions: Positions) => void;
}

/** So many events wait at most, however many come at once. */
const flushAt = 256;

/** Subscribers of one account with the same filter, all of which stand at the heads of the streams. */
export class LiveGroup {
  readonly filter: SubscriberFilter;
  readonly members = new Set<LiveMember>();
  readonly #heads: () => Positions;
  #waiting: SubscriberMessage[] = [];
  #hadSomething = false;

  constructor(filter: SubscriberFilter, heads: () => Positions) {
    this.filter = filter;
    this.#heads = heads;
  }

  /** An event that passes, and is the head of its stream now. */
  add(event: TailEvent): void {
    this.#push({ event });
    if (this.#waiting.length >= flushAt) this.flush();
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = new MessageBatch(this.#waiting);
    this.#waiting = [];
    this.#deliver(batch);
  }

  /** Behind what waits. */
  send(content: Content): void {
    this.#push(content);
    this.flush();
  }

  /** Moves the members' cursors on if they had nothing since the last time. */
  beat(): void {
    if (!this.#hadSomething) this.send({});
    this.#hadSomething = false;
  }

  #push(content: Content): void {
    this.#waiting.push(new SubscriberMessage(content, this.#heads(), this.filter.encodeCursor));
  }

  #deliver(batch: MessageBatch): void {
    this.#hadSomething = true;
    const clients = new Map<Transport, number>();
    for (const member of this.members) {
      const { connection } = member;
      clients.set(connection.transport, (clients.get(connection.transport) ?? 0) + 1);
      if (connection.send(batch)) continue;
      this.members.delete(member);
      member.onLagging(this.#heads());
    }
    for (const [transport, count] of clients) {
      countDelivery(transport, batch, count);
      recordLatency(transport, batch);
    }
  }
}
