import { assertKept, type Positions, type StreamStates } from '@parley/cursor';
import type { StreamPositions } from '../domain/subscription.ts';

/**
 * The positions that a cursor stands at. A stream that it does not know is newer than it, and begun as early as may be.
 * @param kept of each event stream: what the account may still get of it.
 * @throws ParleyError `cursor.too_old`
 */
export function positionsOf(cursor: Positions, kept: StreamStates): StreamPositions {
  const positions = Object.entries(kept).map(([stream, state]) => {
    const position = cursor[stream];
    if (position === undefined) return [stream, state.firstSequence - 1] as const;
    assertKept(position, state);
    return [stream, position.sequence] as const;
  });
  return Object.fromEntries(positions);
}
