/** An event as transports need it. */
export interface DeliveredEvent {
  readonly type: string;
  readonly time: Date;
  /** CloudEvents JSON, on one line. */
  readonly json: string;
  /** parley.event.v1.Event, encoded. */
  readonly message: Uint8Array;
}

import type { Positions } from '@parley/cursor';

/** What a subscriber has to know besides the events. */
export type Notice =
  | { readonly kind: 'degraded' | 'restored'; readonly eventClass: string }
  | { readonly kind: 'draining' };

/** What a subscriber gets: an event, a notice, or a heartbeat. */
export interface Content {
  readonly event?: DeliveredEvent | undefined;
  readonly notice?: Notice | undefined;
}

/** With the cursor with which the subscriber goes on after it: signed when it is asked for, as of many only the last may be. */
export class SubscriberMessage {
  readonly event: DeliveredEvent | undefined;
  readonly notice: Notice | undefined;
  readonly #encodeCursor: (positions: Positions) => string;
  readonly #positions: Positions;
  #cursor: string | undefined;

  constructor({ event, notice }: Content, positions: Positions, encodeCursor: (positions: Positions) => string) {
    this.event = event;
    this.notice = notice;
    this.#positions = positions;
    this.#encodeCursor = encodeCursor;
  }

  get cursor(): string {
    return (this.#cursor ??= this.#encodeCursor(this.#positions));
  }
}

/** How a transport puts messages on the wire. */
export type Encode<Wire> = (messages: readonly SubscriberMessage[]) => Wire;

/** Messages that go to one subscriber, or to many of the same filter: each transport encodes them once. */
export class MessageBatch {
  readonly messages: readonly SubscriberMessage[];
  readonly #encoded = new Map<Encode<unknown>, unknown>();

  constructor(messages: readonly SubscriberMessage[]) {
    this.messages = messages;
  }

  encoded<Wire>(encode: Encode<Wire>): Wire {
    if (!this.#encoded.has(encode)) this.#encoded.set(encode, encode(this.messages));
    return this.#encoded.get(encode) as Wire;
  }
}
