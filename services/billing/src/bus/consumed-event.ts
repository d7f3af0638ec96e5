import type { StreamedEvent } from '@parley/bus';
import type { CallEvent } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { currentTraceparent } from '@parley/telemetry';
import type { ConsumedEvent } from '../usecases/apply-call-event.ts';
import { fromCallCompleted } from './call-completed.ts';
import { fromCallInitiated } from './call-initiated.ts';
import { fromReactionEvent } from './reaction-event.ts';
import { fromVideoStarted } from './video-started.ts';

/**
 * What an event of class call or reaction means for the charge of its call. Every event counts: a call's sequence has to
 * be without a gap.
 * @throws ParleyError `bus.malformed_event`
 */
export function toConsumedEvent(event: StreamedEvent): ConsumedEvent {
  const { accountId, callId, call, id, time, traceparent } = event;
  return {
    accountId,
    callId,
    attributes: call,
    // What follows belongs to the span that handles the event, itself a child of the producer's.
    cause: { id, atMs: BigInt(time.getTime()), traceparent: currentTraceparent() ?? traceparent },
    input: toInput(event),
  };
}

function toInput(event: StreamedEvent): ConsumedEvent['input'] {
  switch (event.data.class) {
    case 'call':
      return fromCallEvent(event, event.data.value);
    case 'reaction':
      return fromReactionEvent(event, event.data.value);
    case 'billing':
      throw parleyError('internal', 'billing does not consume its own events');
  }
}

function fromCallEvent(streamed: StreamedEvent, { event }: CallEvent): ConsumedEvent['input'] {
  switch (event?.$case) {
    case 'initiated':
      return fromCallInitiated(streamed, event.value);
    case 'videoStarted':
      return fromVideoStarted(streamed, event.value);
    case 'completed':
      return fromCallCompleted(streamed, event.value);
    default:
      return { type: 'call_progressed', sequence: streamed.sequence };
  }
}
