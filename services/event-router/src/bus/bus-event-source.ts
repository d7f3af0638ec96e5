import { accountFilter, classFilter, eventStreams, readStream, type Bus, type EventClass } from '@parley/bus';
import { incarnationOf } from '@parley/cursor';
import { logger } from '@parley/telemetry';
import type { EventSource } from '../streaming/event-source.ts';
import { TailEvent } from '../streaming/tail-event.ts';
import { nextMessage } from './next-message.ts';
import { readStreamState } from './stream-states.ts';

const log = logger('event-source');

/** The whole class is read by one reader for all, which has to keep up; an account's by a client that is behind. */
const fetchedAhead = { class: 1_000, account: 200 };

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
    sequenceBefore: (eventClass, time) => sequenceBefore(bus, eventClass, time),
  };
}

async function sequenceBefore(bus: Bus, eventClass: EventClass, time: Date): Promise<number> {
  const stream = eventStreams[eventClass];
  const { firstSequence, lastSequence } = await readStreamState(bus, stream);
  // Sequences are given in the order of time, so halving finds it; some of them may be gone.
  let low = firstSequence;
  for (let high = lastSequence + 1; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    const message = await nextMessage(bus, stream, classFilter(eventClass), middle);
    if (message === undefined || message.seq >= high || message.time >= time) high = middle;
    else low = message.seq + 1;
  }
  return low - 1;
}
