import type { EventClass, StreamedEvent } from '@parley/bus';
import type { StreamStates } from '../domain/cursor.ts';

/** The event streams, as following a subscriber needs them. */
export interface EventSource {
  states(): Promise<StreamStates>;
  /**
   * Reads an account's events of one class behind a stream sequence, in stream order, until aborted. The next one is
   * read once `onEvent` resolved.
   */
  read(options: {
    readonly eventClass: EventClass;
    readonly accountId: string;
    readonly after: number;
    readonly onEvent: (event: StreamedEvent) => Promise<void>;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Stream sequence of the account's first event of the class behind a sequence; undefined if there is none. */
  next(eventClass: EventClass, accountId: string, after: number): Promise<number | undefined>;
}
