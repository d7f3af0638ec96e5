import { accountFilter, classFilter, eventStreams, readStream, type Bus } from '@parley/bus';
import { incarnationOf } from '@parley/cursor';
import { logger } from '@parley/telemetry';
import type { EventSource } from '../streaming/event-source.ts';
import { TailEvent } from '../streaming/tail-event.ts';
import { firstSequenceSince } from './first-sequence-since.ts';
import { nextMessage } from './next-message.ts';
import { readStreamState } from './stream-states.ts';

const log = logger('event-source');

/** The whole class is read by one reader for all, which has to keep up; an account's by a client that is behind. */
const fetchedAhead = { class: 1_000, account: 500 };

/** The event streams on JetStream. */
export function createBusEventSource(bus: Bus): EventSource {
  return {
    state: async (eventClass) => {
      const state = await readStreamState(bus, eventStreams[eventClass]);
      return { ...state, incarnation: incarnationOf(state.incarnation) };
    },
    read: ({ eventClass, accountId, after, onEvent, signal }) =>
      readStream(bus, {
        stream: eventStreams[eventClass],
        filter: accountId === undefined ? classFilter(eventClass) : accountFilter(eventClass, accountId),
        from: after + 1,
        ahead: accountId === undefined ? fetchedAhead.class : fetchedAhead.account,
        onMessage: (message) => onEvent(new TailEvent(message), message.info.pending === 0),
        onError: (error) => log.warn({ err: error }, 'reading is begun again'),
        signal,
      }),
    next: async (eventClass, accountId, after) =>
      (await nextMessage(bus, eventStreams[eventClass], accountFilter(eventClass, accountId), after + 1))?.seq,
    sequenceBefore: async (eventClass, time) => {
      const stream = eventStreams[eventClass];
      return (await firstSequenceSince(bus, stream, time, await readStreamState(bus, stream))) - 1;
    },
  };
}
