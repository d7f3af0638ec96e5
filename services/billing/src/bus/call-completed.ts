import type { StreamedEvent } from '@parley/bus';
import type { CallCompleted } from '@parley/contracts';
import type { ConsumedEvent } from '../usecases/apply-call-events.ts';

/** Of all legs' terminal events only the root's ends the call. */
export function fromCallCompleted({ sequence, time }: StreamedEvent, { final }: CallCompleted): ConsumedEvent['input'] {
  return final ? { type: 'call_completed', sequence, atMs: BigInt(time.getTime()) } : { type: 'call_progressed', sequence };
}
