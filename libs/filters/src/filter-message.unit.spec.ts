import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventFilter as EventFilterProto } from '@parley/contracts';
import { isParleyError } from '@parley/errors';
import { everyEvent } from './event-filter.ts';
import { fromCheckedFilterMessage, fromEventFilterMessage, toEventFilterMessage } from './filter-message.ts';
import { parseFilter } from './parse-filter.ts';
import { attributeNames, filters } from './test-support/arbitraries.ts';

const vocabulary = { types: ['call.completed'], attributes: attributeNames, values: {} };

function nested(levels: number): EventFilterProto {
  const message = EventFilterProto.fromPartial({ filters: [{ dialect: { $case: 'exact', value: { attributes: { subject: 'a' } } } }] });
  for (let level = 0; level < levels; level += 1) message.filters = [{ dialect: { $case: 'not', value: message.filters[0]! } }];
  return message;
}

const fieldsOf = (message: EventFilterProto): unknown => {
  try {
    return parseFilter(fromEventFilterMessage(message), vocabulary);
  } catch (error) {
    if (isParleyError(error, 'subscription.invalid_filter')) return error.details?.violations;
    throw error;
  }
};

describe('a filter as protobuf', () => {
  test('is the same again after it was on the wire', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const message = EventFilterProto.decode(EventFilterProto.encode(toEventFilterMessage(filter)).finish());
        expect(fromEventFilterMessage(message)).toEqual(filter);
        expect(fromCheckedFilterMessage(message)).toEqual(filter);
      }),
    );
    expect(fromEventFilterMessage(undefined)).toBe(everyEvent);
    expect(fromCheckedFilterMessage(undefined)).toBe(everyEvent);
  });

  test('without a dialect is refused by its position', () => {
    const message = EventFilterProto.fromPartial({ filters: [{ dialect: { $case: 'any', value: { filters: [{}] } } }] });
    expect(fieldsOf(message)).toEqual([expect.objectContaining({ field: 'filter.filters[0].any[0]' })]);
    expect(() => fromCheckedFilterMessage(message)).toThrow(expect.objectContaining({ code: 'subscription.invalid_filter' }));
  });

  test('however deep, is refused by its depth', () => {
    for (const levels of [8, 9, 1_000]) {
      const faults = [{ field: `filter.filters[0]${'.not'.repeat(8)}`, description: 'is nested more than 8 deep' }];
      expect(fieldsOf(nested(levels))).toEqual(faults);
    }
    expect(fieldsOf(nested(7))).toMatchObject({ filters: [expect.objectContaining({ not: expect.anything() })] });
  });
});
