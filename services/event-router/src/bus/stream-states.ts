import { eventStreams, type Bus } from '@parley/bus';
import type { StreamState, StreamStates } from '@parley/cursor';

/** What the event streams hold at the moment; an incarnation is the time of its creation. */
export async function readStreamStates(bus: Bus): Promise<StreamStates> {
  const entries = await Promise.all(Object.values(eventStreams).map(async (stream) => [stream, await readStreamState(bus, stream)] as const));
  return Object.fromEntries(entries);
}

export async function readStreamState(bus: Bus, stream: string): Promise<StreamState> {
  const { created, state } = await bus.jsm.streams.info(stream);
  return { incarnation: created, firstSequence: state.first_seq, lastSequence: state.last_seq };
}
