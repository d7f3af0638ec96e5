import { newEvent, type BusEvent } from '@parley/bus';
import type { CallEvent as CallEventProto } from '@parley/contracts';
import type { PublishedEvent } from '../domain/call/call-event.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { chargeProto } from '../grpc/convert-charge.ts';
import { directionProto, endCauses, finalStatuses, partyProto } from '../grpc/enums.ts';

// Domain → proto. It cannot fail.

/** The event as it goes on the bus. `call`: any state of the call, for what never changes. */
export function busEvent(event: PublishedEvent, call: ExistingCall, traceparent: string): BusEvent {
  return newEvent({
    accountId: call.accountId,
    callId: call.callId,
    time: new Date(event.atMs),
    sequence: BigInt(event.sequence),
    causationId: 'requestId' in event ? event.requestId : '',
    traceparent,
    call: { from: call.from, to: call.to, direction: call.direction },
    data: { class: 'call', value: { legId: event.legId, event: eventProto(event) } },
  });
}

function eventProto(event: PublishedEvent): NonNullable<CallEventProto['event']> {
  switch (event.kind) {
    case 'initiated':
      return { $case: 'initiated', value: initiatedProto(event) };
    case 'ringing':
      return { $case: 'ringing', value: {} };
    case 'answered':
      return { $case: 'answered', value: {} };
    case 'bridged':
      return { $case: 'bridged', value: { otherLegId: event.otherLegId } };
    case 'instructions_fetched':
    case 'instructions_failed':
    case 'verb_started':
    case 'verb_ended':
      return programProto(event);
    case 'digits_received':
      return { $case: 'digitsReceived', value: { digits: event.digits } };
    case 'text_received':
      return { $case: 'textReceived', value: { text: event.text } };
    case 'video_started':
      return { $case: 'videoStarted', value: { party: partyProto(event.party), mediaOriginTime: new Date(event.mediaOriginMs), counterpartConsents: event.counterpartConsents } };
    case 'video_stopped':
      return { $case: 'videoStopped', value: { party: partyProto(event.party), mediaTimeMs: BigInt(event.mediaTimeMs) } };
    case 'updated':
      return { $case: 'updated', value: { updateId: event.requestId, hangUp: event.hangUp } };
    case 'completed':
      return { $case: 'completed', value: completedProto(event) };
    case 'application_event_published':
      return { $case: 'applicationEventPublished', value: { name: event.name, dataJson: event.dataJson } };
  }
}

type Of<K extends PublishedEvent['kind']> = Extract<PublishedEvent, { kind: K }>;

function initiatedProto({ parentLegId, from, to, direction, root }: Of<'initiated'>) {
  return {
    parentLegId: parentLegId ?? '',
    from,
    to,
    direction: directionProto(direction),
    applicationId: root?.application.applicationId ?? '',
    charge: root?.charge === undefined ? undefined : chargeProto(root.charge),
  };
}

function completedProto({ status, cause, durationMs, final }: Of<'completed'>) {
  return { status: finalStatuses[status], cause: endCauses[cause], durationMs: BigInt(durationMs), final };
}

function programProto(event: Of<'instructions_fetched' | 'instructions_failed' | 'verb_started' | 'verb_ended'>): NonNullable<CallEventProto['event']> {
  switch (event.kind) {
    case 'instructions_fetched': {
      const { url, verbs, durationMs } = event;
      return { $case: 'instructionsFetched', value: { url: publicUrl(url), verbs: verbs.map(({ verb }) => verb), durationMs: BigInt(durationMs) } };
    }
    case 'instructions_failed': {
      const { url, code, twilioCode, httpStatus, fallback } = event;
      return { $case: 'instructionsFailed', value: { url: publicUrl(url), code, twilioCode, httpStatus, fallback: fallback !== undefined } };
    }
    case 'verb_started':
      return { $case: 'verbStarted', value: { verb: event.verb.verb, index: event.index } };
    case 'verb_ended': {
      const { verb, index, outcome, code } = event;
      return { $case: 'verbEnded', value: { verb, index, outcome, code } };
    }
  }
}

/** A query may hold secrets. */
function publicUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? '' : `${parsed.origin}${parsed.pathname}`;
}
