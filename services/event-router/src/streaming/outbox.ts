import { parleyError } from '@parley/errors';
import type { ClientConnection } from './client-connection.ts';
import { countDelivery } from './delivery-metrics.ts';
import { MessageBatch, type SubscriberMessage } from './message-batch.ts';

const fullAt = 256;

/**
 * What is on its way to one client: gathered for as long as more comes at once, then handed over as one batch. It is
 * bounded by whoever fills it awaiting `room`.
 */
export class Outbox {
  readonly #connection: ClientConnection;
  readonly #stallMs: number;
  #messages: SubscriberMessage[] = [];
  #isScheduled = false;
  #room: Promise<void> | undefined;
  #isClosed = false;

  /** @param stallMs a client that makes no room for so long reads too slowly */
  constructor(connection: ClientConnection, stallMs: number) {
    this.#connection = connection;
    this.#stallMs = stallMs;
  }

  /** Whether the client has room, and so few messages wait that one may go on adding. */
  get isOpen(): boolean {
    return this.#room === undefined && this.#messages.length < fullAt;
  }

  add(message: SubscriberMessage): void {
    this.#messages.push(message);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#room === undefined) this.flush();
    });
  }

  /** Hands over what was gathered. @returns whether there is room for more */
  flush(): boolean {
    if (this.#room !== undefined || this.#messages.length === 0 || this.#isClosed) return this.#room === undefined;
    const batch = new MessageBatch(this.#messages);
    this.#messages = [];
    countDelivery(this.#connection.transport, batch, 1);
    if (!this.#connection.send(batch)) this.block();
    return this.#room === undefined;
  }

  /** Hands over what it has room for; what comes later is dropped: the client's cursor says where it goes on. */
  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  /** The client has no room: it took what it was given, and gets no more until it has read. */
  block(): void {
    this.#room ??= this.#untilRoom();
  }

  async #untilRoom(): Promise<void> {
    await this.#connection.room();
    this.#room = undefined;
    this.flush();
  }

  /**
   * Resolves when the client has room and nothing waits.
   * @throws ParleyError `subscription.slow_consumer`
   */
  async room(): Promise<void> {
    while (!this.flush()) await this.#withinStallTime(this.#room!);
  }

  async #withinStallTime(room: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(parleyError('subscription.slow_consumer', 'the client reads too slowly; come back with the cursor'));
    }, this.#stallMs);
    try {
      await Promise.race([room, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
