import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { everyEvent, type EventFilter, type FilterExpression } from './event-filter.ts';
import { requiredClasses } from './required-classes.ts';
import { events, filters } from './test-support/arbitraries.ts';
import { reference } from './test-support/reference.ts';

const prefixes = { call: ['call.', 'app.'], reaction: ['reaction.'], billing: ['billing.'] };
const required = (filter: Partial<EventFilter>) => requiredClasses({ ...everyEvent, ...filter }, prefixes);

describe('requiredClasses', () => {
  test.each<[FilterExpression, string[]]>([
    [{ exact: { type: 'call.completed' } }, ['call']],
    [{ prefix: { type: 'app.order' } }, ['call']],
    [{ prefix: { type: 'r' } }, ['reaction']],
    [{ suffix: { type: '.completed' } }, ['call', 'reaction', 'billing']],
    [{ not: { prefix: { type: 'billing.' } } }, ['call', 'reaction']],
    [{ not: { prefix: { type: 'call.' } } }, ['call', 'reaction', 'billing']],
    [{ not: { exact: { type: 'call.completed' } } }, ['call', 'reaction', 'billing']],
    [{ not: { suffix: { type: 'b' } } }, ['call', 'reaction', 'billing']],
    [{ any: [{ exact: { type: 'billing.charged' } }, { exact: { subject: 'CA1' } }] }, ['call', 'reaction', 'billing']],
    [{ all: [{ prefix: { type: 'call.' } }, { prefix: { type: 'billing.' } }] }, []],
  ])('%j needs %j', (expression, classes) => {
    expect(required({ filters: [expression] })).toEqual(classes);
  });

  test('of lists', () => {
    expect(required({})).toEqual(['call', 'reaction', 'billing']);
    expect(required({ types: ['call.completed', 'app.*'] })).toEqual(['call']);
    expect(required({ types: ['call.*', 'billing.charged'], from: ['+1'] })).toEqual(['call', 'billing']);
  });

  test('an event of a class that is left out never passes', () => {
    fc.assert(
      fc.property(filters, events, (filter, event) => {
        const type = event.attribute('type')!;
        const [eventClass] = Object.entries(prefixes).find(([, begins]) => begins.some((prefix) => type.startsWith(prefix)))!;
        if (reference(filter, event)) expect(requiredClasses(filter, prefixes)).toContain(eventClass);
      }),
      { numRuns: 5_000 },
    );
  });
});
