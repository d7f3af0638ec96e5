import { eventStreams, type Bus } from '@parley/bus';
import type { StreamPositions } from '../domain/account-subscriptions.ts';

/** The last sequence of each event stream: what a subscription that is made now starts after. */
export async function currentPositions(bus: Bus): Promise<StreamPositions> {
  const entries = await Promise.all(
    Object.values(eventStreams).map(async (stream) => [stream, (await bus.jsm.streams.info(stream)).state.last_seq] as const),
  );
  return Object.fromEntries(entries);
}
