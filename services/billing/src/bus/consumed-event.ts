import type { StreamedEvent } from '@parley/bus';
import type { CallEvent } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { currentTraceparent } from '@parley/telemetry';
import type { ConsumedEvent } from '../usecases/apply-call-events.ts';
import { fromCallCompleted } from './call-completed.ts';
import { fromCallInitiated } from './call-initiated.ts';
import { fromReactionEvent } from './reaction-event.ts';
import { fromVideoStarted } from './video-started.ts';

/**
 * What an event of class call or reaction means for the charge of its call. Every event counts: a call's sequence has to
 * be without a gap.
 * @param traceparent of what follows: the span that handles the event, itself a child of the producer's, if there is one.
 * @throws ParleyError `bus.malformed_event`
 */
export function toConsumedEvent(event: StreamedEvent, traceparent = currentTraceparent() ?? event.traceparent): ConsumedEvent {
  const { accountId, callId, call, id, time } = event;
  return {
    accountId,
    callId,
    attributes: call,
    cause: { id, atMs: BigInt(time.getTime()), traceparent },
    input: toInput(event),
  };
}

/**
 * The same of several: of the first ones, as far as they can be read. The span that handles them is of the first one's trace; what follows from
 * another one goes on in its own.
 * @throws ParleyError `bus.malformed_event` for the first one
 */
export function toConsumedEvents([first, ...others]: readonly [StreamedEvent, ...StreamedEvent[]]): [ConsumedEvent, ...ConsumedEvent[]] {
  const consumed: [ConsumedEvent, ...ConsumedEvent[]] = [toConsumedEvent(first)];
  for (const event of others) {
    try {
      consumed.push(toConsumedEvent(event, event.traceparent));
    } catch {
      // It is thrown once it is the first.
      break;
    }
  }
  return consumed;
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
