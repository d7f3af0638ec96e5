import type { StreamStates } from '@parley/cursor';
import type { EventClass } from '../domain/event-class.ts';
import type { CallBeginning, StartTimes } from '../domain/start.ts';
import type { StreamPositions } from '../domain/subscription.ts';

/** What the rules need from the broker. */
export interface Broker {
  /** The last sequence of the event stream of each of the classes. */
  currentPositions(classes: readonly EventClass[]): Promise<StreamPositions>;
  /** By stream: the sequence after which everything was stored at the class's time or later. */
  positionsBefore(times: StartTimes): Promise<StreamPositions>;
  /** What is kept in each event stream of what was stored at the class's time or later. */
  keptSince(times: StartTimes): Promise<StreamStates>;
  /** The first event of each of the calls, among those of the account that were stored at the time or later. */
  callBeginnings(search: { readonly accountId: string; readonly callIds: readonly string[]; readonly sinceMs: number }): Promise<readonly CallBeginning[]>;
}
