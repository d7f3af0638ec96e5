import { StreamEventsResponse, type Notice as NoticeMessage } from '@parley/contracts';
import type { Encode, Notice, SubscriberMessage } from '../streaming/message-batch.ts';

type ResponseEncoder = Encode<readonly Uint8Array[]>;

/** Fields of StreamEventsResponse, with wire type 2: an event is put in as it was encoded for all. */
const eventTag = (2 << 3) | 2;
const eventsTag = (3 << 3) | 2;

const encoders = new Map<number, ResponseEncoder>();

/**
 * Encodes messages as StreamEventsResponse.
 * @param maxEvents 0: one event each; otherwise up to so many.
 * @returns the same encoder for the same number, so that its result is shared.
 */
export function responseEncoder(maxEvents: number): ResponseEncoder {
  const encoder = encoders.get(maxEvents) ?? (maxEvents === 0 ? encodeSingly : encodeGrouped(maxEvents));
  encoders.set(maxEvents, encoder);
  return encoder;
}

const encodeSingly: ResponseEncoder = (messages) => messages.map(encodeOne);

function encodeOne({ cursor, event, notice }: SubscriberMessage): Uint8Array {
  const writer = StreamEventsResponse.encode(StreamEventsResponse.fromPartial({ cursor, notice: notice && toNotice(notice) }));
  return (event === undefined ? writer : writer.uint32(eventTag).bytes(event.message)).finish();
}

function encodeGrouped(maxEvents: number): ResponseEncoder {
  return (messages) => {
    const responses: Uint8Array[] = [];
    for (let at = 0; at < messages.length; ) {
      const length = eventsFrom(messages, at, maxEvents);
      responses.push(length === 0 ? encodeOne(messages[at]!) : encodeEvents(messages.slice(at, at + length)));
      at += Math.max(1, length);
    }
    return responses;
  };
}

/** How many events stand one after the other. */
function eventsFrom(messages: readonly SubscriberMessage[], from: number, most: number): number {
  let count = 0;
  while (count < most && messages[from + count]?.event !== undefined) count += 1;
  return count;
}

function encodeEvents(messages: readonly SubscriberMessage[]): Uint8Array {
  const writer = StreamEventsResponse.encode(StreamEventsResponse.fromPartial({ cursor: messages.at(-1)!.cursor }));
  for (const { event } of messages) writer.uint32(eventsTag).bytes(event!.message);
  return writer.finish();
}

function toNotice(notice: Notice): NoticeMessage {
  switch (notice.kind) {
    case 'degraded':
      return { kind: { $case: 'streamDegraded', value: { eventClass: notice.eventClass } } };
    case 'restored':
      return { kind: { $case: 'streamRestored', value: { eventClass: notice.eventClass } } };
    case 'draining':
      return { kind: { $case: 'streamDraining', value: {} } };
  }
}
