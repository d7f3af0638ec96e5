import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatSse } from './sse-message.ts';
import { readStreamRequest } from './stream-request.ts';

const read = (query: string, lastEventId?: string) => readStreamRequest(new URLSearchParams(query), lastEventId);

describe('readStreamRequest', () => {
  test('reads each list, repeated or with commas', () => {
    expect(read('types=call.*,app.*&types=billing.charged&call_id=CA1&from=%2B491&to=client:bob&direction=inbound').filter).toEqual({
      types: ['call.*', 'app.*', 'billing.charged'],
      callIds: ['CA1'],
      from: ['+491'],
      to: ['client:bob'],
      directions: ['inbound'],
      filters: [],
    });
  });

  test('reads expressions as JSON, commas and plus signs and all', () => {
    const filters = [{ any: [{ prefix: { callto: '+49' } }, { exact: { callfrom: 'client:a,b', 'data.status': 'busy' } }] }];
    const json = JSON.stringify(filters);
    expect(read(new URLSearchParams({ filters: json }).toString()).filter.filters).toEqual(filters);
    expect(read(`filters=${json}`).filter.filters).toEqual(filters);
    expect(read('filters=').filter.filters).toEqual([]);
  });

  test('refuses expressions that are no JSON list by the position, or that are given twice', () => {
    const fault = (code: string, description: string) =>
      expect.objectContaining({ code, details: { violations: [{ field: 'filters', description }] } });
    expect(() => read('filters=[{"exact":}]')).toThrow(fault('subscription.invalid_filter', 'is no JSON, at position 10'));
    expect(() => read('filters={"exact":{}}')).toThrow(fault('subscription.invalid_filter', 'is no list of filters'));
    expect(() => read('filters=[]&filters=[]')).toThrow(fault('request.invalid_argument', 'is given more than once'));
  });

  test('an unescaped plus sign before digits is one', () => {
    expect(read('from=+491,+492').filter.from).toEqual(['+491', '+492']);
  });

  test('the header of a browser that reconnects goes before the cursor of the URL', () => {
    expect(read('cursor=old', 'new').cursor).toBe('new');
    expect(read('cursor=old', '').cursor).toBe('old');
    expect(read('').cursor).toBe('');
  });

  test('refuses a parameter that it does not know', () => {
    expect(() => read('typ=call.*')).toThrow(
      expect.objectContaining({ code: 'request.invalid_argument', details: { violations: [expect.objectContaining({ field: 'typ' })] } }),
    );
  });
});

/** A parser as the HTML standard words it (9.2.6), to check what was formatted. */
function parse(text: string): { lastEventId: string; events: { type: string; data: string; id: string }[] } {
  const result = { lastEventId: '', events: [] as { type: string; data: string; id: string }[] };
  let [type, data, id] = ['', '', ''];
  for (const line of text.split('\n')) {
    if (line === '') {
      result.lastEventId = id;
      if (data !== '') result.events.push({ type: type === '' ? 'message' : type, data: data.replace(/\n$/, ''), id });
      [type, data] = ['', ''];
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (field === 'event') type = value!;
    if (field === 'data') data += `${value}\n`;
    if (field === 'id') id = value!;
  }
  return result;
}

describe('formatSse', () => {
  test('a heartbeat moves the last event id, and has a type of its own', () => {
    const events = [{ type: 'heartbeat', data: '{}', id: 'c1' }];
    expect(parse(formatSse({ cursor: 'c1' }))).toEqual({ lastEventId: 'c1', events });
  });

  test('an event arrives whole, whatever its JSON holds', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const event = { type: 'call.ringing', time: new Date(), json: JSON.stringify(JSON.parse(json)), message: new Uint8Array() };
        const text = formatSse({ cursor: 'c2', event });
        const { events } = parse(text);
        expect(events).toEqual([{ type: 'call.ringing', data: JSON.stringify(JSON.parse(json)), id: 'c2' }]);
      }),
    );
  });
});
