import type { StreamedEvent } from '@parley/bus';
import type { CallInitiated } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { ConsumedEvent } from '../usecases/apply-call-events.ts';
import { fromChargeAuthorization } from './convert.ts';

/** The root's begins the call and says whether it is charged; a dialled leg's only counts. */
export function fromCallInitiated({ sequence, accountId }: StreamedEvent, { parentLegId, charge }: CallInitiated): ConsumedEvent['input'] {
  if (parentLegId !== '') return { type: 'call_progressed', sequence };
  if (sequence !== 0n) throw parleyError('bus.malformed_event', 'the initiation of a root leg is not the first event of its call');
  return { type: 'call_initiated', terms: charge === undefined ? [] : fromChargeAuthorization(charge, accountId) };
}
