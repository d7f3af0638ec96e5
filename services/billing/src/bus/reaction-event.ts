import type { StreamedEvent } from '@parley/bus';
import type { ReactionEvent } from '@parley/contracts';
import type { ConsumedEvent } from '../usecases/apply-call-events.ts';
import { fromInterval, fromParty } from './convert.ts';

/** Whatever it tells of, a reaction event brings what was newly decided; the last one says where that ends. */
export function fromReactionEvent({ sequence }: StreamedEvent, { party, intervals, observedThroughMs, event }: ReactionEvent): ConsumedEvent['input'] {
  return {
    type: 'reaction_observed',
    sequence,
    party: fromParty(party),
    intervals: intervals.map(fromInterval),
    observedThroughMs,
    finalMs: event?.$case === 'ended' ? event.value.finalMs : undefined,
  };
}
