import { allPartitions, decodeEvent, eventStreams, partitionFilter, readToEnd, type Bus, type EventClass, type PositionStore, type RecordedEvent } from '@parley/bus';
import { isParleyError } from '@parley/errors';
import type { PartitionHistory } from '../rebuild/rebuild-charges.ts';
import { toCallHistory } from './call-history.ts';

const consumedClasses = ['call', 'reaction'] as const satisfies readonly EventClass[];

/**
 * What the event streams hold, a partition at a time: as much is in memory.
 * @param positions of billing's consumer.
 */
export async function* readPartitions(bus: Bus, positions: PositionStore): AsyncGenerator<PartitionHistory> {
  for (const partition of allPartitions) {
    const ends = await Promise.all(consumedClasses.map(async (eventClass) => endOf(bus, eventClass)));
    const [published, ...taken] = await Promise.all((['billing', ...consumedClasses] as const).map((eventClass) => readPartition(bus, eventClass, partition)));
    const consumed = taken.flat();
    const billing = Map.groupBy(published!, ({ event }) => event.callId);
    const calls = [...Map.groupBy(consumed, ({ event }) => event.callId)].map(([callId, events]) => ({
      callId,
      accountId: events[0]!.event.accountId,
      history: toCallHistory(events, billing.get(callId) ?? []),
    }));
    yield {
      calls,
      savePositions: (isDone) => {
        const left = consumed.filter(({ event }) => !isDone(event.callId, event.id));
        const streams = Object.fromEntries(ends.map(({ stream, incarnation, last }) => [stream, { incarnation, sequence: positionBefore(stream, left, last) }]));
        // Before any owner's.
        return positions.save({ partition, epoch: 0 }, streams);
      },
    };
  }
}

async function endOf(bus: Bus, eventClass: EventClass): Promise<{ stream: string; incarnation: string; last: number }> {
  const stream = eventStreams[eventClass];
  const { created, state } = await bus.jsm.streams.info(stream);
  return { stream, incarnation: created, last: state.last_seq };
}

/** What cannot be decoded is parked by who reads it, as it was before. */
async function readPartition(bus: Bus, eventClass: EventClass, partition: number): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  await readToEnd(bus, { stream: eventStreams[eventClass], filter: partitionFilter(eventClass, partition) }, (message) => {
    try {
      found.push({ event: decodeEvent(message), payload: message.data.slice() });
    } catch (error) {
      if (!isParleyError(error, 'bus.malformed_event')) throw error;
    }
  });
  return found;
}

function positionBefore(stream: string, left: readonly RecordedEvent[], last: number): number {
  const places = left.filter(({ event }) => event.stream === stream).map(({ event }) => event.streamSequence);
  return places.reduce((least, place) => Math.min(least, place - 1), last);
}
