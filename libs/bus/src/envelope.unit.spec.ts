import { describe, expect, test } from '@jest/globals';
import type { CallEvent } from '@parley/contracts';
import fc from 'fast-check';
import { decodeStored, encodeEvent } from './envelope.ts';
import { eventTypes } from './event-types.ts';
import { newEvent, type NewEvent } from './event.ts';
import { parseEventSubject, partitionCount, partitionOf } from './subjects.ts';

const answered: NewEvent = {
  accountId: 'acme',
  callId: 'CA1',
  time: new Date('2026-01-02T03:04:05.678Z'),
  sequence: 12n,
  causationId: 'request-1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  call: { from: 'client:alice', to: '+15550100', direction: 'inbound' },
  data: { class: 'call', value: { legId: 'CA1', event: { $case: 'answered', value: {} } } },
};

describe('event', () => {
  test('its id is a function of source and sequence', () => {
    expect(newEvent(answered).id).toBe('CA1-call-12');
    expect(newEvent({ ...answered, time: new Date(0) }).id).toBe('CA1-call-12');
    expect(newEvent(answered).source).toBe('/acme/calls/CA1/call');
  });

  test('a reaction has a source per party', () => {
    const data = {
      class: 'reaction',
      value: { party: 1, legId: 'CA1', observedThroughMs: 0n, intervals: [], event: { $case: 'absent', value: { sinceMs: 1n } } },
    } as const;
    const event = newEvent({ ...answered, party: 'caller', data: { ...data, value: { ...data.value, intervals: [] } } });
    expect(event).toMatchObject({ id: 'CA1-reaction-caller-12', source: '/acme/calls/CA1/reaction/caller', type: 'reaction.absent' });
  });

  test('an application names its own', () => {
    const value: CallEvent = {
      legId: 'CA1',
      event: { $case: 'applicationEventPublished', value: { name: 'order.placed', dataJson: '{}' } },
    };
    expect(newEvent({ ...answered, data: { class: 'call', value } }).type).toBe('app.order.placed');
  });

  test('every event message has a type and its class a codec', () => {
    const types = Object.values(eventTypes).flatMap((row) => Object.values(row));
    expect(new Set(types).size).toBe(types.length);
    expect(types.length).toBe(15 + 7 + 8);
  });
});

describe('envelope', () => {
  test('what is encoded decodes to the same event', () => {
    const event = newEvent(answered);
    expect(decodeStored(encodeEvent(event))).toEqual(event);
  });

  test('its headers follow the CloudEvents NATS binding', () => {
    expect(encodeEvent(newEvent(answered))).toMatchObject({
      subject: expect.stringMatching(/^evt\.call\.\d\d\.acme$/),
      headers: {
        'ce-specversion': '1.0',
        'ce-id': 'CA1-call-12',
        'ce-type': 'call.answered',
        'ce-subject': 'CA1',
        'ce-time': '2026-01-02T03:04:05.678Z',
        'ce-sequence': '00000000000000000012',
        'Nats-Msg-Id': 'CA1-call-12',
      },
    });
  });

  test.each(['ce-id', 'ce-source', 'ce-type', 'ce-subject', 'ce-time', 'ce-sequence', 'ce-calldirection'])(
    'without %s it is malformed',
    (name) => {
      const message = encodeEvent(newEvent(answered));
      const { [name]: _, ...headers } = message.headers;
      expect(() => decodeStored({ ...message, headers })).toThrow(expect.objectContaining({ code: 'bus.malformed_event' }));
    },
  );

  test.each(['a\nb', 'a\rb', '\u0000'])('what would break a header never reaches an outbox: %j', (causationId) => {
    expect(() => encodeEvent(newEvent({ ...answered, causationId }))).toThrow(expect.objectContaining({ code: 'bus.malformed_event' }));
  });

  test('bytes that are no message are malformed, whatever they are', () => {
    const message = encodeEvent(newEvent(answered));
    expect(() => decodeStored({ ...message, payload: Uint8Array.of(0x0a, 0xff) })).toThrow(
      expect.objectContaining({ code: 'bus.malformed_event' }),
    );
  });
});

describe('partition', () => {
  test('is stable: these values must never change', () => {
    expect(['CA0', 'CA1', 'CAdeadbeef'].map(partitionOf)).toEqual([27, 8, 25]);
  });

  test('is in range for any call id, and in the subject', () => {
    fc.assert(
      fc.property(fc.string(), (callId) => {
        const { subject } = encodeEvent(newEvent({ ...answered, callId }));
        const parsed = parseEventSubject(subject)!;
        return parsed.partition === partitionOf(callId) && parsed.partition < partitionCount && parsed.accountId === 'acme';
      }),
    );
  });
});
