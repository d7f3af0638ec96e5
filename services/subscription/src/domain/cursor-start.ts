import { parleyError } from '@parley/errors';
import type { StreamPositions } from './subscription.ts';

/** What a cursor of the event-router says. */
export interface DecodedCursor {
  readonly accountId: string;
  /** By stream: everything up to it was delivered. */
  readonly positions: Readonly<Record<string, { readonly incarnation: string; readonly sequence: number }>>;
}

/** What an account can still get of a stream. */
export interface KeptEvents {
  /** When the stream was created: one that was made anew counts from 1 again. */
  readonly incarnation: string;
  /** Everything after this sequence is kept. */
  readonly keptAfter: number;
  readonly lastSequence: number;
}

/**
 * The positions that a cursor stands at. A stream that it does not know is newer than it, and begun as early as may be.
 * @param kept of each event stream.
 * @throws ParleyError `cursor.other_account`, `cursor.too_old`
 */
export function positionsOf(cursor: DecodedCursor, accountId: string, kept: Readonly<Record<string, KeptEvents>>): StreamPositions {
  if (cursor.accountId !== accountId) throw parleyError('cursor.other_account', 'the cursor belongs to another account');
  const positions = Object.entries(kept).map(([stream, events]) => [stream, positionOf(cursor.positions[stream], events)] as const);
  return Object.fromEntries(positions);
}

function positionOf(position: DecodedCursor['positions'][string] | undefined, { incarnation, keptAfter, lastSequence }: KeptEvents): number {
  if (position === undefined) return keptAfter;
  // A stream that was restored from an older copy has handed out later sequences to other events.
  const isKept = position.incarnation === incarnation && position.sequence >= keptAfter && position.sequence <= lastSequence;
  if (!isKept) throw parleyError('cursor.too_old', 'events after the cursor are no longer kept');
  return position.sequence;
}
