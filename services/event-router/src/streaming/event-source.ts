import type { EventClass } from '@parley/bus';
import type { StreamState } from '@parley/cursor';
import type { TailEvent } from './tail-event.ts';

/** The event streams, as serving subscribers needs them. */
export interface EventSource {
  state(eventClass: EventClass): Promise<StreamState>;
  /**
   * Reads events of one class behind a stream sequence, in stream order, until aborted: of an account, or of all. The next
   * one is read once `onEvent` resolved.
   */
  read(options: {
    readonly eventClass: EventClass;
    readonly accountId?: string;
    readonly after: number;
    /** @param isLast whether the broker had no further one when it sent this. */
    readonly onEvent: (event: TailEvent, isLast: boolean) => Promise<void> | void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Stream sequence of the account's first event of the class behind a sequence; undefined if there is none. */
  next(eventClass: EventClass, accountId: string, after: number): Promise<number | undefined>;
  /** The stream sequence behind which the events begin that were stored at a time or later. */
  sequenceBefore(eventClass: EventClass, time: Date): Promise<number>;
}
