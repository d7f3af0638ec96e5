import { accountFilter, decodeEvent, eventStreams, readStream, type Bus, type StreamedEvent } from '@parley/bus';
import type { JsMsg } from '@nats-io/jetstream';
import { logger } from '@parley/telemetry';
import type { EventSource } from '../usecases/event-source.ts';
import { nextMessage } from './next-message.ts';
import { readStreamStates } from './stream-states.ts';

const log = logger('event-source');

/** The event streams on JetStream. */
export function createBusEventSource(bus: Bus): EventSource {
  return {
    states: () => readStreamStates(bus),
    read: ({ eventClass, accountId, after, onEvent, signal }) =>
      readStream(bus, {
        stream: eventStreams[eventClass],
        filter: accountFilter(eventClass, accountId),
        from: after + 1,
        onMessage: async (message) => {
          const event = decoded(message);
          if (event !== undefined) await onEvent(event);
        },
        onError: (error) => log.warn({ err: error }, 'reading is begun again'),
        signal,
      }),
    next: async (eventClass, accountId, after) =>
      (await nextMessage(bus, eventStreams[eventClass], accountFilter(eventClass, accountId), after + 1))?.seq,
  };
}

// What cannot be read will never be: waiting for it would end the subscriber's stream for good. Those who have to apply
// each event park it; here it is reported and left out.
function decoded(message: JsMsg): StreamedEvent | undefined {
  try {
    return decodeEvent(message);
  } catch (error) {
    log.error({ err: error, stream: message.info.stream, streamSequence: message.seq }, 'an event cannot be read');
    return undefined;
  }
}
