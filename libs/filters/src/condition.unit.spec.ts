import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalFilter } from './condition.ts';
import { everyEvent, type EventFilter, type FilterExpression } from './event-filter.ts';
import { events, filters } from './test-support/arbitraries.ts';
import { reference } from './test-support/reference.ts';

const canonical = (filter: Partial<EventFilter>) => canonicalFilter({ ...everyEvent, ...filter });
const subject = (value: string): FilterExpression => ({ exact: { subject: value } });
const from = (value: string): FilterExpression => ({ prefix: { callfrom: value } });

describe('canonicalFilter', () => {
  test.each<[string, Partial<EventFilter>, Partial<EventFilter>]>([
    ['the order of a list', { types: ['call.*', 'app.*'] }, { types: ['app.*', 'call.*', 'app.*'] }],
    ['the order of expressions', { filters: [subject('CA1'), from('+1')] }, { filters: [from('+1'), subject('CA1')] }],
    ['a list, and the expression that means it', { callIds: ['CA1', 'CA2'] }, { filters: [{ any: [subject('CA2'), subject('CA1')] }] }],
    ['one expression with two attributes, and two', { filters: [{ exact: { subject: 'CA1', callto: '+1' } }] }, { filters: [{ exact: { callto: '+1' } }, subject('CA1')] }],
    ['nesting', { filters: [{ all: [subject('CA1'), { all: [from('+1')] }] }] }, { filters: [subject('CA1'), from('+1')] }],
    ['negation', { filters: [{ not: { any: [subject('CA1'), from('+1')] } }] }, { filters: [{ not: from('+1') }, { not: { not: { not: subject('CA1') } } }] }],
  ])('%s does not matter', (_, one, other) => {
    expect(canonical(one)).toBe(canonical(other));
  });

  test.each<[string, Partial<EventFilter>, Partial<EventFilter>]>([
    ['the value', { filters: [subject('CA1')] }, { filters: [subject('CA2')] }],
    ['the attribute', { from: ['+1'] }, { to: ['+1'] }],
    ['the dialect', { filters: [{ exact: { callfrom: '+1' } }] }, { filters: [from('+1')] }],
    ['all or any', { filters: [{ all: [subject('CA1'), from('+1')] }] }, { filters: [{ any: [subject('CA1'), from('+1')] }] }],
    ['a negation', { filters: [subject('CA1')] }, { filters: [{ not: subject('CA1') }] }],
    ['where one value ends', { filters: [{ any: [from('a'), from('b')] }] }, { filters: [from('a" "b')] }],
  ])('%s does', (_, one, other) => {
    expect(canonical(one)).not.toBe(canonical(other));
  });

  test('no other way of writing a filter does', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const rewritten = { ...filter, types: filter.types.toReversed(), from: [...filter.from, ...filter.from], filters: [{ all: filter.filters.toReversed().map(rewrite) }] };
        expect(canonicalFilter(filter.filters.length === 0 ? { ...rewritten, filters: [] } : rewritten)).toBe(canonicalFilter(filter));
      }),
      { numRuns: 2_000 },
    );
  });

  test('filters of the same text let the same events through', () => {
    fc.assert(
      fc.property(fc.array(filters, { minLength: 20, maxLength: 60, size: 'max' }), fc.array(events, { minLength: 5 }), (given, some) => {
        for (const [first, ...others] of Map.groupBy(given, canonicalFilter).values()) {
          for (const other of others) for (const event of some) expect(reference(other, event)).toBe(reference(first!, event));
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** The same, by De Morgan and double negation, the other way round. */
function rewrite(expression: FilterExpression): FilterExpression {
  if ('all' in expression) return { not: { any: expression.all.toReversed().map((inner) => ({ not: rewrite(inner) })) } };
  if ('any' in expression) return { not: { all: expression.any.toReversed().map((inner) => ({ not: rewrite(inner) })) } };
  if ('not' in expression) return { not: rewrite(expression.not) };
  return { not: { not: expression } };
}
