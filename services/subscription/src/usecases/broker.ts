import type { StreamPositions } from '../domain/account-subscriptions.ts';
import type { EventClass } from '../domain/sink.ts';

/** What the rules need from the broker. */
export interface Broker {
  /** The last sequence of the event stream of each of the classes. */
  currentPositions(classes: readonly EventClass[]): Promise<StreamPositions>;
}
