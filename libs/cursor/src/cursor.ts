import { parleyError } from '@parley/errors';

/** A position in one stream: everything up to it has been delivered. */
export interface Position {
  /** Of the stream; one made anew counts from 1 again, so a bare sequence would lie. */
  readonly incarnation: string;
  /** Stream sequence; 0 is before the first event. */
  readonly sequence: number;
}

/** By stream name. */
export type Positions = Readonly<Record<string, Position>>;

/** What a stream holds at the moment. */
export interface StreamState {
  readonly incarnation: string;
  /** Sequence of the oldest event kept; last + 1 when none is. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export type StreamStates = Readonly<Record<string, StreamState>>;

/**
 * That nothing after the position is gone. An event of another account may be all that is gone; that cannot be known
 * any more, and a needless error is better than a silent gap.
 * @throws ParleyError `cursor.too_old`
 */
export function assertKept(position: Position, state: StreamState): void {
  const isKept =
    position.incarnation === state.incarnation &&
    position.sequence + 1 >= state.firstSequence &&
    // A stream that was restored from an older copy has handed out these sequences to other events.
    position.sequence <= state.lastSequence;
  if (!isKept) throw parleyError('cursor.too_old', 'events after the cursor are no longer kept; subscribe anew and expect a gap');
}
