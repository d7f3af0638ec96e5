import type { JsMsg } from '@nats-io/jetstream';
import type { Bus } from './connection.ts';
import { decodeEvent } from './envelope.ts';
import type { EventClass } from './event-types.ts';
import type { StreamedEvent } from './event.ts';
import { eventStreams } from './streams.ts';
import { partitionAccountFilter, partitionOf } from './subjects.ts';

/** An event as its stream holds it. */
export interface RecordedEvent {
  readonly event: StreamedEvent;
  readonly payload: Uint8Array;
}

/**
 * Reads what a stream holds by now of some subjects, in its order.
 * @param onMessage false: enough.
 */
export async function readToEnd(bus: Bus, { stream, filter }: { stream: string; filter: string }, onMessage: (message: JsMsg) => boolean | void | Promise<void>): Promise<void> {
  const { last_seq: last } = (await bus.jsm.streams.info(stream)).state;
  const consumer = await bus.js.consumers.get(stream, { filter_subjects: filter });
  try {
    if ((await consumer.info()).num_pending === 0) return;
    for await (const message of await consumer.consume()) {
      if ((await onMessage(message)) === false) return;
      // A stream that is written to meanwhile would have no end of its own.
      if (message.info.pending === 0 || message.seq >= last) return;
    }
  } finally {
    await consumer.delete().catch(() => undefined);
  }
}

/**
 * Reads the events of one class of a call, as far as its stream reaches back, in its order; an event that was published
 * again comes again. Reads past all others of the account in the call's partition.
 * @param call.accountId of any account by default.
 */
export async function readCallEvents(bus: Bus, eventClass: EventClass, { callId, accountId = '*' }: { callId: string; accountId?: string }): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  const filter = partitionAccountFilter(eventClass, partitionOf(callId), accountId);
  await readToEnd(bus, { stream: eventStreams[eventClass], filter }, (message) => {
    if (message.headers?.get('ce-subject') === callId) found.push({ event: decodeEvent(message), payload: message.data.slice() });
  });
  return found;
}
