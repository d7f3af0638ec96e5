import { eventStreams, type Bus } from '@parley/bus';
import type { StreamPositions } from '../domain/account-subscriptions.ts';
import type { EventClass } from '../domain/sink.ts';

/** The last sequence of each class's event stream: what a subscription that begins now starts after. */
export async function currentPositions(bus: Bus, classes: readonly EventClass[]): Promise<StreamPositions> {
  const entries = await Promise.all(
    classes.map(async (eventClass) => {
      const stream = eventStreams[eventClass];
      return [stream, (await bus.jsm.streams.info(stream)).state.last_seq] as const;
    }),
  );
  return Object.fromEntries(entries);
}
