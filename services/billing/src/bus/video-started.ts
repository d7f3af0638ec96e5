import type { StreamedEvent } from '@parley/bus';
import type { CallVideoStarted } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { ConsumedEvent } from '../usecases/apply-call-events.ts';
import { fromParty } from './convert.ts';

/** From here on the party's reaction has to end before the call can be settled. */
export function fromVideoStarted({ sequence }: StreamedEvent, { party, mediaOriginTime }: CallVideoStarted): ConsumedEvent['input'] {
  if (mediaOriginTime === undefined) throw parleyError('bus.malformed_event', 'video started at no instant');
  return { type: 'video_started', sequence, party: fromParty(party), mediaOriginMs: BigInt(mediaOriginTime.getTime()) };
}
