import { attributeOf, eventCodecs, sequenceText, type StreamedEvent } from '@parley/bus';
import { BillingEvent, CallEvent, ReactionEvent, type Event } from '@parley/contracts';
import type { DeliverableEvent } from '../domain/webhook-subscription.ts';

/** What of an event decides who gets it. */
export function toDeliverable(event: StreamedEvent): DeliverableEvent {
  const { accountId, stream, streamSequence } = event;
  return { accountId, stream, streamSequence, attribute: (name) => attributeOf(event, name) };
}

/** As gRPC delivers it. */
export function toEventMessage(event: StreamedEvent): Event {
  const { id, source, type, callId, time, sequence, causationId, traceparent, call, data } = event;
  return {
    id,
    source,
    type,
    subject: callId,
    time,
    sequence,
    causationId,
    traceparent,
    from: call.from,
    to: call.to,
    direction: call.direction,
    data: toPayload(data),
  };
}

function toPayload(data: StreamedEvent['data']): Event['data'] {
  switch (data.class) {
    case 'call':
      return { $case: 'call', value: data.value };
    case 'reaction':
      return { $case: 'reaction', value: data.value };
    case 'billing':
      return { $case: 'billing', value: data.value };
  }
}

/** CloudEvents 1.0 JSON, structured mode: what SSE and webhooks deliver. One line. */
export function toCloudEventJson(event: StreamedEvent): string {
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.callId,
    time: event.time.toISOString(),
    sequence: sequenceText(event.sequence),
    ...(event.causationId === '' ? {} : { causationid: event.causationId }),
    ...(event.traceparent === '' ? {} : { traceparent: event.traceparent }),
    callfrom: event.call.from,
    callto: event.call.to,
    calldirection: event.call.direction,
    dataschema: eventCodecs[event.data.class].schema,
    datacontenttype: 'application/json',
    data: toDataJson(event.data),
  });
}

function toDataJson(data: StreamedEvent['data']): unknown {
  switch (data.class) {
    case 'call':
      return CallEvent.toJSON(data.value);
    case 'reaction':
      return ReactionEvent.toJSON(data.value);
    case 'billing':
      return BillingEvent.toJSON(data.value);
  }
}
