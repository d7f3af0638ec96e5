import { eventStreams, type Bus } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { readCursorCodec } from '@parley/cursor';
import type { Scope } from '@parley/lifecycle';
import { createBusEventSource } from '../bus/bus-event-source.ts';
import type { configDefinition } from '../config.ts';
import type { AccountDirectory } from '../usecases/account-directory.ts';
import { createEventEdge, type EventEdge } from '../usecases/event-edge.ts';
import { Tails } from './tails.ts';

export interface EdgeParts {
  readonly bus: Bus;
  readonly accounts: AccountDirectory;
  readonly config: ConfigOf<typeof configDefinition>;
}

/** The event streams on the real broker; what reads it stops with the scope. */
export async function startEdge(scope: Scope, { bus, accounts, config }: EdgeParts): Promise<EventEdge> {
  const { heartbeatMs, clientStallMs: stallMs, streamsPerAccount, drainMs, streamCheckMs: checkMs, recentEvents, recentBytes } = config;
  const codec = await readCursorCodec(config.eventCursorKeyFile, Object.values(eventStreams));
  const source = createBusEventSource(bus);
  const tails = new Tails({ source, recent: { events: recentEvents, bytes: recentBytes }, checkMs });
  await tails.start();
  scope.onStop('tails', () => tails.stop());
  const beating = setInterval(() => tails.live.beat(), heartbeatMs);
  scope.onStop('heartbeats', () => clearInterval(beating));
  return createEventEdge({ source, tails, codec, accounts, heartbeatMs, stallMs, streamsPerAccount, drainMs });
}
