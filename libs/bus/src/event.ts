import { parleyError } from '@parley/errors';
import { eventTypeOf, type EventData } from './event-types.ts';

/** Which end of the call a reaction was observed for. */
export type PartyName = 'caller' | 'callee';

/** Attributes of the call itself (its root leg's), on events of every class, so that one filter finds them all. */
export interface CallAttributes {
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api';
}

/** An event with its CloudEvents 1.0 attributes. */
export interface BusEvent {
  /** A function of source and sequence, never random: a retry is the same event. */
  readonly id: string;
  /** Scope of `sequence`: (call, class), and for reactions, and for charges where each side pays, (call, party). */
  readonly source: string;
  readonly type: string;
  readonly accountId: string;
  readonly callId: string;
  readonly time: Date;
  /** Contiguous from 0 within the source. */
  readonly sequence: bigint;
  /** Id of the event or request that caused it. */
  readonly causationId: string;
  /** W3C trace context; empty when the producer was not traced. */
  readonly traceparent: string;
  readonly call: CallAttributes;
  readonly data: EventData;
}

/** An event as read from its stream. */
export interface StreamedEvent extends BusEvent {
  readonly stream: string;
  /** Position in the stream, from 1. */
  readonly streamSequence: number;
}

export interface NewEvent {
  readonly accountId: string;
  readonly callId: string;
  /** Of reaction events, and of billing events where each side pays; of no others. */
  readonly party?: PartyName;
  readonly time: Date;
  readonly sequence: bigint;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly call: CallAttributes;
  readonly data: EventData;
}

/**
 * Completes an event with what follows from its content: id, source and type.
 * @throws ParleyError `internal` if the data names no event: that is a fault of the producer's code.
 */
export function newEvent(event: NewEvent): BusEvent {
  const type = eventTypeOf(event.data);
  if (type === undefined) throw parleyError('internal', 'an event needs data that says what happened');
  return {
    accountId: event.accountId,
    callId: event.callId,
    time: event.time,
    sequence: event.sequence,
    call: event.call,
    data: event.data,
    id: eventId(event, event.sequence),
    source: eventSource(event),
    type,
    causationId: event.causationId ?? '',
    traceparent: event.traceparent ?? '',
  };
}

interface SourceKey {
  readonly accountId: string;
  readonly callId: string;
  readonly party?: PartyName | undefined;
  readonly data: { readonly class: EventData['class'] };
}

/** The producer of a sequence: `/acme/calls/CA…/call`, `/acme/calls/CA…/reaction/caller`. */
export function eventSource({ accountId, callId, party, data }: SourceKey): string {
  return ['', accountId, 'calls', callId, data.class, ...(party === undefined ? [] : [party])].join('/');
}

/** `CA…-call-12`, `CA…-reaction-caller-3`. */
export function eventId({ callId, party, data }: Pick<SourceKey, 'callId' | 'party' | 'data'>, sequence: bigint): string {
  return [callId, data.class, ...(party === undefined ? [] : [party]), sequence].join('-');
}

const sequenceDigits = 20;

/** CloudEvents' sequence extension is compared as text, hence the zeros. */
export function sequenceText(sequence: bigint): string {
  return sequence.toString().padStart(sequenceDigits, '0');
}
