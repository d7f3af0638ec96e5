import { attributeOf, eventCodecs, sequenceText, type StreamedEvent } from '@parley/bus';
import { BillingEvent, CallEvent, Event, ReactionEvent } from '@parley/contracts';
import type { DeliverableEvent } from '../domain/webhook-subscription.ts';

/** What of an event decides who gets it. */
export function toDeliverable(event: StreamedEvent): DeliverableEvent {
  const { accountId, stream, streamSequence } = event;
  return { accountId, stream, streamSequence, attribute: (name) => attributeOf(event, name) };
}

/** Fields of parley.event.v1.Event that hold the data of each class: number, and wire type 2. */
const dataTags = { call: (20 << 3) | 2, reaction: (21 << 3) | 2, billing: (22 << 3) | 2 } as const;

/**
 * As gRPC delivers it, encoded.
 * @param payload of the event as it stood in its stream: it is put in as it is, with what this build may not know of it.
 */
export function toEventBytes(event: StreamedEvent, payload: Uint8Array): Uint8Array {
  const { id, source, type, callId, time, sequence, causationId, traceparent, call, data } = event;
  const attributes = {
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
    data: undefined,
  };
  return Event.encode(attributes).uint32(dataTags[data.class]).bytes(payload).finish();
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
