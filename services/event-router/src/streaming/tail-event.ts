import { attributeOf, decodeEvent, parseEventSubject, type ReceivedMessage, type StreamedEvent } from '@parley/bus';
import type { FilteredEvent } from '@parley/filters';
import { logger } from '@parley/telemetry';
import { toCloudEventJson, toEventBytes } from '../bus/convert.ts';
import type { DeliveredEvent } from './message-batch.ts';

const log = logger('tail-event');

/** Of an event in memory besides its data: headers and objects, roughly. */
const overheadBytes = 1_024;

export interface StoredMessage extends ReceivedMessage {
  /** When the stream stored it. */
  readonly time: Date;
}

/**
 * An event as it was read from its stream. What it costs to decode and to encode is spent when somebody wants it, and
 * once, however many do.
 */
export class TailEvent implements DeliveredEvent, FilteredEvent {
  readonly sequence: number;
  /** Empty for a subject that is no event's. */
  readonly accountId: string;
  readonly #message: StoredMessage;
  #event: StreamedEvent | undefined | 'not decoded' = 'not decoded';
  #json: string | undefined;
  #bytes: Uint8Array | undefined;

  constructor(message: StoredMessage) {
    this.#message = message;
    this.sequence = message.seq;
    this.accountId = parseEventSubject(message.subject)?.accountId ?? '';
  }

  /** Of what it keeps in memory, roughly. */
  get bytes(): number {
    return overheadBytes + this.#message.data.length;
  }

  get storedAt(): Date {
    return this.#message.time;
  }

  /**
   * undefined if it cannot be read: it never will be, and waiting for it would end its subscribers' streams for good.
   * Those who have to apply each event park it; here it is reported and left out.
   */
  get event(): StreamedEvent | undefined {
    if (this.#event === 'not decoded') this.#event = this.#decode();
    return this.#event;
  }

  // What follows is for an event that can be read.

  attribute(name: string): string | undefined {
    return attributeOf(this.event!, name);
  }

  get type(): string {
    return this.event!.type;
  }

  get time(): Date {
    return this.event!.time;
  }

  get json(): string {
    return (this.#json ??= toCloudEventJson(this.event!));
  }

  get message(): Uint8Array {
    return (this.#bytes ??= toEventBytes(this.event!, this.#message.data));
  }

  #decode(): StreamedEvent | undefined {
    try {
      return decodeEvent(this.#message);
    } catch (error) {
      log.error({ err: error, stream: this.#message.info.stream, streamSequence: this.sequence }, 'an event cannot be read');
      return undefined;
    }
  }
}
