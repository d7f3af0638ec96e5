import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileFilter, everyEvent, typePrefixes, type EventFilter, type FilteredAttributes } from './event-filter.ts';

const event: FilteredAttributes = { type: 'call.completed', callId: 'CA1', from: '+491', to: 'client:bob', direction: 'inbound' };

/** Written for the reader, as the contract words it; the compiled one must agree. */
function reference(filter: EventFilter, event: FilteredAttributes): boolean {
  const asked = (values: readonly string[], value: string) => values.length === 0 || values.includes(value);
  const typeAsked =
    filter.types.length === 0 ||
    filter.types.some((type) => (type.endsWith('.*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type));
  return (
    typeAsked &&
    asked(filter.callIds, event.callId) &&
    asked(filter.from, event.from) &&
    asked(filter.to, event.to) &&
    asked(filter.directions, event.direction)
  );
}

const type = fc.constantFrom('call.completed', 'call.ringing', 'app.order', 'app.order.paid', 'reaction.present', 'billing.charged');
const attributes: fc.Arbitrary<FilteredAttributes> = fc.record({
  type,
  callId: fc.constantFrom('CA1', 'CA2'),
  from: fc.constantFrom('+1', 'client:a'),
  to: fc.constantFrom('+1', 'client:b'),
  direction: fc.constantFrom('inbound', 'outbound-api'),
});
const some = (values: fc.Arbitrary<string>) => fc.array(values, { maxLength: 3 });
const filters: fc.Arbitrary<EventFilter> = fc.record({
  types: some(fc.oneof(type, fc.constantFrom('call.*', 'app.*', 'reaction.*', 'billing.*'))),
  callIds: some(fc.constantFrom('CA1', 'CA2', 'CA3')),
  from: some(fc.constantFrom('+1', 'client:a', '+2')),
  to: some(fc.constantFrom('+1', 'client:b', '+2')),
  directions: some(fc.constantFrom('inbound', 'outbound-api')),
  filters: fc.constant([]),
});

describe('compileFilter', () => {
  test('agrees with the reference for every filter and event', () => {
    fc.assert(
      fc.property(filters, attributes, (filter, event) => {
        expect(compileFilter(filter)(event)).toBe(reference(filter, event));
      }),
      { numRuns: 1_000 },
    );
  });

  test('the empty filter lets everything through', () => {
    expect(compileFilter(everyEvent)(event)).toBe(true);
  });

  test('a class with a star does not reach into another class', () => {
    const calls = compileFilter({ ...everyEvent, types: ['call.*'] });
    expect(calls(event)).toBe(true);
    expect(calls({ ...event, type: 'app.call.completed' })).toBe(false);
    expect(calls({ ...event, type: 'callx.completed' })).toBe(false);
  });

  test('all conditions must hold', () => {
    const both = compileFilter({ ...everyEvent, from: ['+491'], to: ['client:carol'] });
    expect(both(event)).toBe(false);
    expect(both({ ...event, to: 'client:carol' })).toBe(true);
  });
});

describe('typePrefixes', () => {
  test('names what the types can match', () => {
    expect(typePrefixes({ ...everyEvent, types: ['call.completed', 'app.*'] })).toEqual(new Set(['call', 'app']));
    expect(typePrefixes(everyEvent)).toBeUndefined();
  });
});
