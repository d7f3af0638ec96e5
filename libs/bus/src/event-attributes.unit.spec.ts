import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { CallEvent, CallStatus, Channel, EndCause, Party, ReactionEvent } from '@parley/contracts';
import { attributeOf, filterVocabulary } from './event-attributes.ts';
import { decodeStored, encodeEvent } from './envelope.ts';
import { eventTypes, type EventClass, type EventData } from './event-types.ts';
import { newEvent, type BusEvent } from './event.ts';

const callId = 'CA1';

function eventOf(data: EventData, more: { readonly party?: 'caller' } = {}): BusEvent {
  const call = { from: 'client:alice', to: '+4930', direction: 'inbound' } as const;
  return newEvent({ accountId: 'acme', callId, time: new Date('2026-01-31T12:00:00Z'), sequence: 7n, call, data, ...more });
}

const callEvent = (event: CallEvent['event'], legId = 'CA2') => eventOf({ class: 'call', value: CallEvent.fromPartial({ legId, event }) });
const completed = callEvent({ $case: 'completed', value: { status: CallStatus.NO_ANSWER, cause: EndCause.ROUTER_LOST, durationMs: 0n, final: false } });

const documentation = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');
const section = documentation.split('\n## ').find((part) => part.startsWith('Filters\n'))!;
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const rows = [...section.matchAll(/^\| (`[^|]*) \|([^|]*)\|/gm)].flatMap(([, names, on]) => quoted(names!).map((name) => [name, on!] as const));

describe('docs/events.md', () => {
  test('has each attribute that can be filtered on, and no other', () => {
    expect(rows.map(([name]) => name).sort()).toEqual(filterVocabulary.attributes.toSorted());
  });

  test('says which events have an attribute of the data', () => {
    for (const [name, on] of rows.filter(([name]) => name.startsWith('data.'))) {
      const documented = quoted(on);
      for (const [type, event] of filledEvents()) {
        const isDocumented = documented.some((one) => one === type || (one.endsWith('.*') && type.startsWith(one.slice(0, -1))));
        expect({ name, type, has: attributeOf(event, name) !== undefined }).toEqual({ name, type, has: isDocumented });
      }
    }
  });
});

/** One event of each type, with every field of it set to something. */
function filledEvents(fill: number | boolean = 1): [string, BusEvent][] {
  const filled = new Proxy({}, { get: () => fill });
  return Object.entries(eventTypes).flatMap(([eventClass, cases]) =>
    Object.entries(cases).map(([name, type]): [string, BusEvent] => {
      const value = { legId: 'CA2', party: Number(fill) as Party, payer: Number(fill) as Party, event: { $case: name, value: filled } };
      return [type, { ...completed, type, data: { class: eventClass as EventClass, value } as unknown as EventData }];
    }),
  );
}

describe('attributeOf', () => {
  test('gives the attributes of CloudEvents and of the call as they go over the wire', () => {
    const { headers } = encodeEvent(completed);
    for (const name of filterVocabulary.attributes.filter((one) => !one.startsWith('data.'))) {
      expect([name, attributeOf(completed, name)]).toEqual([name, headers[`ce-${name}`]]);
    }
    const stored = { ...encodeEvent(completed), headers: { ...headers, 'ce-causationid': 'CA1-call-6' } };
    expect(attributeOf(decodeStored(stored), 'causationid')).toBe('CA1-call-6');
  });

  test('knows the schema of each class, and of what applications publish', () => {
    const app = callEvent({ $case: 'applicationEventPublished', value: { name: 'order.paid', dataJson: '{}' } });
    for (const event of [app, ...filledEvents().map(([, event]) => event)]) {
      expect(attributeOf(event, 'dataschema')).toBe(`parley.${event.data.class}.v1.${event.data.class[0]!.toUpperCase()}${event.data.class.slice(1)}Event`);
    }
  });

  test('names enums in lower case without their prefix, and says true and false', () => {
    expect(attributeOf(completed, 'data.status')).toBe('no_answer');
    expect(attributeOf(completed, 'data.cause')).toBe('router_lost');
    expect(attributeOf(completed, 'data.final')).toBe('false');
    const changed = ReactionEvent.fromPartial({ party: Party.CALLEE, event: { $case: 'channelChanged', value: { from: Channel.FACE, to: Channel.VOICE } } });
    const reaction = eventOf({ class: 'reaction', value: changed }, { party: 'caller' });
    expect(['data.from', 'data.to', 'data.party'].map((name) => attributeOf(reaction, name))).toEqual(['face', 'voice', 'callee']);
  });

  test('has no values but those of the vocabulary, where that names them', () => {
    for (const [name, values] of Object.entries(filterVocabulary.values).filter(([name]) => name.startsWith('data.'))) {
      const fills = values.includes('true') ? [true, false] : Array.from({ length: 32 }, (_, number) => number);
      const seen = fills.flatMap((fill) => filledEvents(fill).flatMap(([, event]) => attributeOf(event, name) ?? []));
      expect([name, [...new Set(seen)].sort()]).toEqual([name, values.toSorted()]);
    }
  });

  test('what is not set is absent', () => {
    expect(attributeOf(callEvent({ $case: 'completed', value: CallEvent.fromPartial({ event: { $case: 'completed', value: {} } }).event!.value as never }, ''), 'data.status')).toBeUndefined();
    expect(attributeOf(callEvent({ $case: 'ringing', value: {} }, ''), 'data.leg_id')).toBeUndefined();
    expect(attributeOf(completed, 'causationid')).toBeUndefined();
    expect(attributeOf({ ...completed, call: { ...completed.call, from: '' } }, 'callfrom')).toBeUndefined();
    const failed = callEvent({ $case: 'instructionsFailed', value: { url: 'u', code: 'egress.timeout', twilioCode: 0, httpStatus: 503, fallback: true } });
    expect(['data.twilio_code', 'data.http_status', 'data.code', 'data.fallback'].map((name) => attributeOf(failed, name))).toEqual([undefined, '503', 'egress.timeout', 'true']);
  });

  test('an enum value or a case that a newer producer wrote is absent', () => {
    expect(attributeOf(callEvent({ $case: 'completed', value: { status: 77 as never, cause: -1 as never, durationMs: 0n, final: true } }), 'data.status')).toBeUndefined();
    expect(attributeOf({ ...completed, data: { class: 'call', value: { legId: 'CA2', event: undefined } } }, 'data.status')).toBeUndefined();
    expect(attributeOf(completed, 'data.constructor')).toBeUndefined();
    expect(attributeOf(completed, '__proto__')).toBeUndefined();
  });

  test('the data is looked at for its own attributes only', () => {
    const undecoded = Object.defineProperty({ ...completed }, 'data', { get: () => { throw new Error('decoded'); } });
    for (const name of filterVocabulary.attributes) {
      if (name.startsWith('data.')) expect(() => attributeOf(undecoded, name)).toThrow('decoded');
      else expect(attributeOf(undecoded, name)).toBe(attributeOf(completed, name));
    }
  });
});
