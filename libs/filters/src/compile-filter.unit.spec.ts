import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileFilter } from './compile-filter.ts';
import { everyEvent, type EventFilter, type FilterExpression } from './event-filter.ts';
import { events, filters } from './test-support/arbitraries.ts';
import { reference } from './test-support/reference.ts';

const attributes: Readonly<Record<string, string>> = { type: 'call.completed', subject: 'CA1', callfrom: '+491', callto: 'client:bob', 'data.status': 'busy' };
const passes = (filter: Partial<EventFilter>, changed: Readonly<Record<string, string | undefined>> = {}) =>
  compileFilter({ ...everyEvent, ...filter })({ attribute: (name) => ({ ...attributes, ...changed })[name] });
const holds = (...expressions: FilterExpression[]) => passes({ filters: expressions });

describe('compileFilter', () => {
  test('agrees with the reference for every filter and event', () => {
    fc.assert(
      fc.property(filters, events, (filter, event) => {
        expect(compileFilter(filter)(event)).toBe(reference(filter, event));
      }),
      { numRuns: 5_000 },
    );
  });

  test('the empty filter lets everything through', () => {
    expect(passes({})).toBe(true);
  });

  test('a class with a star does not reach into another class', () => {
    expect(passes({ types: ['call.*'] })).toBe(true);
    expect(passes({ types: ['call.*'] }, { type: 'app.call.completed' })).toBe(false);
    expect(passes({ types: ['call.*'] }, { type: 'callx.completed' })).toBe(false);
    expect(passes({ types: ['app.*'] }, { type: 'app.order.paid' })).toBe(true);
  });

  test('all conditions must hold, lists and expressions', () => {
    const both = { from: ['+491'], to: ['client:carol'] };
    expect(passes(both)).toBe(false);
    expect(passes(both, { callto: 'client:carol' })).toBe(true);
    expect(passes({ from: ['+491'], filters: [{ exact: { callto: 'client:carol' } }] })).toBe(false);
    expect(holds({ prefix: { type: 'call.' } }, { exact: { subject: 'CA1' } })).toBe(true);
    expect(holds({ prefix: { type: 'call.' } }, { exact: { subject: 'CA2' } })).toBe(false);
  });

  test('each attribute that a dialect names must have its value', () => {
    expect(holds({ exact: { subject: 'CA1', callfrom: '+491' } })).toBe(true);
    expect(holds({ exact: { subject: 'CA1', callfrom: '+492' } })).toBe(false);
    expect(holds({ not: { exact: { subject: 'CA1', callfrom: '+492' } } })).toBe(true);
  });

  test('an attribute that the event does not have has no value, prefix or suffix; so the negation holds', () => {
    for (const dialect of ['exact', 'prefix', 'suffix'] as const) {
      const absent = { [dialect]: { 'data.cause': 'hangup' } } as unknown as FilterExpression;
      expect(holds(absent)).toBe(false);
      expect(holds({ not: absent })).toBe(true);
      expect(holds({ not: { not: absent } })).toBe(false);
    }
  });
});
