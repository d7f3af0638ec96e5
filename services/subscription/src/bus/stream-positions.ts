import { eventStreams, type Bus } from '@parley/bus';
import { incarnationOf, type StreamStates } from '@parley/cursor';
import { eventClasses, type EventClass } from '../domain/event-class.ts';
import type { StartTimes } from '../domain/start.ts';
import type { StreamPositions } from '../domain/subscription.ts';

/** The last sequence of each class's event stream: what a subscription that begins now starts after. */
export function currentPositions(bus: Bus, classes: readonly EventClass[]): Promise<StreamPositions> {
  return byStream(classes, async (stream) => (await bus.jsm.streams.info(stream)).state.last_seq);
}

/** By stream: the sequence after which everything was stored at the class's time or later. */
export async function positionsBefore(bus: Bus, times: StartTimes): Promise<StreamPositions> {
  const kept = await keptSince(bus, times);
  return Object.fromEntries(Object.entries(kept).map(([stream, { firstSequence }]) => [stream, firstSequence - 1]));
}

/** What each event stream has kept of what was stored at the class's time or later. */
export function keptSince(bus: Bus, times: StartTimes): Promise<StreamStates> {
  return byStream(eventClasses, async (stream, eventClass) => {
    // Before the look-up: what is stored in between must not be taken for something older.
    const { created, state } = await bus.jsm.streams.info(stream);
    const first = await bus.jsm.direct.getMessage(stream, { start_time: new Date(times[eventClass]) });
    return { incarnation: incarnationOf(created), firstSequence: first?.seq ?? state.last_seq + 1, lastSequence: state.last_seq };
  });
}

async function byStream<Value>(classes: readonly EventClass[], valueOf: (stream: string, eventClass: EventClass) => Promise<Value>): Promise<Readonly<Record<string, Value>>> {
  const entries = await Promise.all(
    classes.map(async (eventClass) => {
      const stream = eventStreams[eventClass];
      return [stream, await valueOf(stream, eventClass)] as const;
    }),
  );
  return Object.fromEntries(entries);
}
