import { headers as natsHeaders, type MsgHdrs } from '@nats-io/nats-core';
import { isParleyError, parleyError } from '@parley/errors';
import { decodeData, encodeData, eventCodecs } from './event-types.ts';
import { sequenceText, type BusEvent, type CallAttributes, type StreamedEvent } from './event.ts';
import { eventSubject, parseEventSubject } from './subjects.ts';

/** A message ready to be published, as a plain document: outboxes and parking keep this. */
export interface StoredMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

/** What of a received message decoding needs; nats.js' JsMsg is one. */
export interface ReceivedMessage {
  readonly subject: string;
  readonly headers?: MsgHdrs | undefined;
  readonly data: Uint8Array;
  readonly seq: number;
  readonly info: { readonly stream: string };
}

// oxlint-disable-next-line no-control-regex
const unsafeInHeader = /[\u0000-\u001f\u007f]/;

/** Name of the header by which JetStream knows a repeated publish, within its window. */
export const messageIdHeader = 'Nats-Msg-Id';

/** Binary mode of the CloudEvents 1.0 NATS protocol binding: attributes in `ce-` headers, the data as payload. */
export function encodeEvent(event: BusEvent): StoredMessage {
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': event.id,
    'ce-source': event.source,
    'ce-type': event.type,
    'ce-subject': event.callId,
    'ce-time': event.time.toISOString(),
    'ce-dataschema': eventCodecs[event.data.class].schema,
    'ce-sequence': sequenceText(event.sequence),
    'ce-callfrom': event.call.from,
    'ce-callto': event.call.to,
    'ce-calldirection': event.call.direction,
    'content-type': 'application/protobuf',
    [messageIdHeader]: event.id,
  };
  if (event.causationId !== '') headers['ce-causationid'] = event.causationId;
  if (event.traceparent !== '') headers['traceparent'] = event.traceparent;
  // Before it reaches an outbox, which it would block for ever.
  const unsafe = Object.keys(headers).find((name) => unsafeInHeader.test(headers[name]!));
  if (unsafe !== undefined) throw malformed(`header ${unsafe} holds a control character`);
  return { subject: eventSubject(event.data.class, event.accountId, event.callId), headers, payload: encodeData(event.data) };
}

/** @throws ParleyError `bus.malformed_event` */
export function decodeEvent(message: ReceivedMessage): StreamedEvent {
  const { subject, headers, data } = message;
  const event = decode(subject, (name) => (headers?.has(name) === true ? headers.get(name) : undefined), data);
  return Object.assign(event, { stream: message.info.stream, streamSequence: message.seq });
}

/** @throws ParleyError `bus.malformed_event` */
export function decodeStored({ subject, headers, payload }: StoredMessage): BusEvent {
  return decode(subject, (name) => headers[name], bytesOf(payload));
}

type ReadHeader = (name: string) => string | undefined;

function decode(subject: string, header: ReadHeader, payload: Uint8Array): BusEvent {
  const address = parseEventSubject(subject);
  if (address === undefined) throw malformed('its subject is no event subject');
  const read = (name: string): string => {
    const value = header(name);
    if (value === undefined || value === '') throw malformed(`header ${name} is missing`);
    return value;
  };
  const time = new Date(read('ce-time'));
  if (Number.isNaN(time.getTime())) throw malformed('ce-time is no instant');
  if (!/^\d{1,20}$/.test(read('ce-sequence'))) throw malformed('ce-sequence is no number');
  return {
    id: read('ce-id'),
    source: read('ce-source'),
    type: read('ce-type'),
    accountId: address.accountId,
    callId: read('ce-subject'),
    time,
    sequence: BigInt(read('ce-sequence')),
    causationId: header('ce-causationid') ?? '',
    traceparent: header('traceparent') ?? '',
    call: callAttributes(header),
    data: dataOf(address.eventClass, payload),
  };
}

function callAttributes(header: ReadHeader): CallAttributes {
  const direction = header('ce-calldirection');
  if (direction !== 'inbound' && direction !== 'outbound-api') throw malformed('ce-calldirection is unknown');
  return { from: header('ce-callfrom') ?? '', to: header('ce-callto') ?? '', direction };
}

function dataOf(eventClass: BusEvent['data']['class'], payload: Uint8Array): BusEvent['data'] {
  try {
    return decodeData(eventClass, payload);
  } catch (error) {
    throw isParleyError(error) ? error : malformed('its payload does not decode', error);
  }
}

/** The driver gives stored bytes back as its own Binary, unless told to promote them. */
export function bytesOf(stored: Uint8Array | { readonly buffer: Uint8Array }): Uint8Array {
  return stored instanceof Uint8Array ? stored : stored.buffer;
}

export function headersOf(headers: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries([...(headers?.keys() ?? [])].map((name) => [name, headers!.get(name)]));
}

export function toNatsHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  return headers;
}

function malformed(why: string, cause?: unknown): Error {
  return parleyError('bus.malformed_event', `event cannot be read: ${why}`, { cause });
}
