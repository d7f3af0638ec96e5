import { filterVocabulary } from '@parley/bus';
import { parseFilter, type EventFilter, type FieldNames, type GivenFilter } from '@parley/filters';
import { positionsFromNow, resume, type Positions } from '../domain/cursor.ts';
import type { CursorCodec } from './cursor-codec.ts';
import type { EventSource } from './event-source.ts';

/** What a client asks for, on whatever transport. */
export interface StreamRequest {
  readonly accountId: string;
  readonly filter: GivenFilter;
  /** Empty: from now on. */
  readonly cursor: string;
  /** How the transport calls the filter's lists. */
  readonly fieldNames?: FieldNames;
}

/**
 * Checks a request before its stream begins.
 * @throws ParleyError `subscription.invalid_filter`, `cursor.malformed`, `cursor.other_account`, `cursor.too_old`
 */
export async function openSubscriber(
  { source, codec }: { readonly source: EventSource; readonly codec: CursorCodec },
  { accountId, filter: given, cursor, fieldNames }: StreamRequest,
): Promise<{ readonly filter: EventFilter; readonly positions: Positions }> {
  const filter = parseFilter(given, filterVocabulary, fieldNames);
  const decoded = cursor === '' ? undefined : codec.decode(cursor);
  const states = await source.states();
  const positions = decoded === undefined ? positionsFromNow(states) : resume(decoded, accountId, states);
  return { filter, positions };
}
