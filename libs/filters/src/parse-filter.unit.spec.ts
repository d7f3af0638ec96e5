import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { everyEvent, type EventFilter } from './event-filter.ts';
import { maxFilterValues, messageFieldNames, parseFilter } from './parse-filter.ts';

const known = ['call.completed', 'call.ringing', 'reaction.present', 'billing.charged'];
const callId = `CA${'0'.repeat(32)}`;

function violationsOf(filter: EventFilter): unknown {
  try {
    parseFilter(filter, known);
  } catch (error) {
    if (isParleyError(error, 'subscription.invalid_filter')) return error.details?.violations;
    throw error;
  }
  return undefined;
}

describe('parseFilter', () => {
  test('takes what the contract allows', () => {
    const filter: EventFilter = {
      types: ['call.completed', 'call.*', 'app.*', 'app.order.paid'],
      callIds: [callId],
      from: ['client:alice', '+4930123456'],
      to: ['client:b.o_b@x-y'],
      directions: ['inbound', 'outbound-api'],
      filters: [],
    };
    expect(parseFilter(filter, known)).toEqual(filter);
  });

  test.each([
    ['types', 'call.complete'],
    ['types', 'call'],
    ['types', '*'],
    ['types', 'constructor'],
    ['types', 'app.'],
    ['types', 'app.Order'],
    ['callIds', 'CA1'],
    ['callIds', `${callId}\n`],
    ['from', 'alice'],
    ['from', '+'],
    ['to', 'client:'],
    ['to', 'sip:bob@example.com'],
    ['directions', 'outbound'],
  ] as const)('refuses %s %j by list and position', (list, value) => {
    const violations = violationsOf({ ...everyEvent, [list]: [...(list === 'types' ? ['call.*'] : []), value] });
    expect(violations).toEqual([expect.objectContaining({ field: `${messageFieldNames[list]}[${list === 'types' ? 1 : 0}]` })]);
  });

  test('names every fault at once, and no value of the filter', () => {
    const filter = { ...everyEvent, types: ['nonsense'], from: ['0049123456789'] };
    expect(violationsOf(filter)).toHaveLength(2);
    expect(() => parseFilter(filter, known)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('0049') }));
  });

  test('bounds the number of values over all lists', () => {
    const many = Array.from({ length: maxFilterValues / 2 }, () => '+1');
    expect(violationsOf({ ...everyEvent, from: many, to: many })).toBeUndefined();
    expect(violationsOf({ ...everyEvent, from: many, to: [...many, '+1'] })).toEqual([expect.objectContaining({ field: 'filter' })]);
  });

  test('never fails in another way', () => {
    const lists = fc.array(fc.string(), { maxLength: 4 });
    fc.assert(
      fc.property(fc.record({ types: lists, callIds: lists, from: lists, to: lists, directions: lists, filters: fc.constant([]) }), (filter) => {
        const violations = violationsOf(filter);
        expect(violations === undefined || Array.isArray(violations)).toBe(true);
      }),
    );
  });
});
