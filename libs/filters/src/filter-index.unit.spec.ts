import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileFilter } from './compile-filter.ts';
import { everyEvent, type EventFilter, type FilteredEvent, type FilterExpression } from './event-filter.ts';
import { FilterIndex } from './filter-index.ts';
import { events, filters } from './test-support/arbitraries.ts';
import { reference } from './test-support/reference.ts';

const subscriber = fc.nat(11);
/** Subscribers come, change, go, and events pass, in any order. */
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ put: subscriber, filter: filters }) },
    { weight: 2, arbitrary: fc.record({ remove: subscriber }) },
    { weight: 5, arbitrary: fc.record({ event: events }) },
  ),
  { size: 'large', maxLength: 60 },
);

const eventOf = (attributes: Readonly<Record<string, string>>): FilteredEvent => ({ attribute: (name) => attributes[name] });

const filterOf = (...expressions: FilterExpression[]): EventFilter => ({ ...everyEvent, filters: expressions });
const numbered = <Value>(count: number, value: (index: number) => Value) => Array.from({ length: count }, (_, index) => value(index));

describe('FilterIndex', () => {
  test('agrees with testing each filter, and with the reference, whatever comes, changes and goes', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const index = new FilterIndex<number>();
        const naive = new Map<number, EventFilter>();
        const answers: { readonly found: unknown; readonly tested: unknown; readonly meant: unknown }[] = [];
        for (const step of given) {
          if ('put' in step) {
            index.put(step.put, step.filter);
            naive.set(step.put, step.filter);
          } else if ('remove' in step) {
            const meant = naive.delete(step.remove);
            answers.push({ found: index.delete(step.remove), tested: meant, meant });
          } else {
            const { event } = step;
            const found = index.matching(event).sort((one, other) => one - other);
            const keysWhere = (passes: (filter: EventFilter) => boolean) =>
              [...naive.keys()].filter((key) => passes(naive.get(key)!)).sort((one, other) => one - other);
            answers.push({ found, tested: keysWhere((filter) => compileFilter(filter)(event)), meant: keysWhere((filter) => reference(filter, event)) });
          }
        }
        answers.push({ found: index.size, tested: naive.size, meant: naive.size });
        const meant = answers.map((answer) => answer.meant);
        expect(answers.map((answer) => answer.found)).toEqual(meant);
        expect(answers.map((answer) => answer.tested)).toEqual(meant);
      }),
      { numRuns: 2_000 },
    );
  });

  test('an event is held against those that hang under its own values, not against all', () => {
    const index = new FilterIndex<string>();
    // All of them name the type, and many the same number: what tells them apart is the call, or the caller's number.
    for (const [key, filter] of numbered(5_000, (nth) => [`call ${nth}`, { ...everyEvent, types: ['call.completed'], callIds: [`CA${nth}`], to: ['+49'] }] as const)) {
      index.put(key, filter);
    }
    for (const [key, filter] of numbered(5_000, (nth) => [`from ${nth}`, filterOf({ exact: { type: 'call.completed' } }, { prefix: { callfrom: `+${10_000 + nth}` } })] as const)) {
      index.put(key, filter);
    }
    for (const [key, filter] of numbered(5_000, (nth) => [`any ${nth}`, filterOf({ any: [{ exact: { subject: `CA${nth}` } }, { all: [{ suffix: { callto: `${10_000 + nth}` } }, { not: { prefix: { type: 'app.' } } }] }] })] as const)) {
      index.put(key, filter);
    }
    const event = eventOf({ type: 'call.completed', subject: 'CA77', callfrom: '+1234599', callto: '+49' });
    expect(index.matching(event).sort()).toEqual(['any 77', 'call 77', 'from 2345']);
    expect(index.lookedAt).toBeLessThan(60);
  });

  test('subscribers with the same filter are tested as one', () => {
    const index = new FilterIndex<number>();
    for (const nth of numbered(1_000, (nth) => nth)) index.put(nth, filterOf({ not: { exact: { type: 'call.completed' } } }));
    expect(index.matching(eventOf({ type: 'call.completed' }))).toEqual([]);
    // The term that every event has, the type, and the one filter.
    expect(index.lookedAt).toBe(3);
    expect(index.matching({ attribute: () => 'call.ringing' })).toHaveLength(1_000);
  });

  test('a long list is tested as a short one is', () => {
    const index = new FilterIndex<string>();
    const listed: FilterExpression = { any: numbered(20, (nth) => ({ exact: { subject: `CA${nth}` } })) };
    index.put('one of them', filterOf({ exact: { type: 'call.completed' } }, listed));
    index.put('none of them', filterOf({ exact: { type: 'call.completed' } }, { not: listed }));
    const matching = (subject: string | undefined) => index.matching({ attribute: (name) => (name === 'type' ? 'call.completed' : subject) });
    expect([matching('CA7'), matching('CA20'), matching(undefined)]).toEqual([['one of them'], ['none of them'], ['none of them']]);
  });

  test('nothing is left of those that have gone', () => {
    const index = new FilterIndex<number>();
    const each = fc.sample(filters, 500);
    for (const [nth, filter] of each.entries()) index.put(nth, filter);
    for (const nth of each.keys()) index.delete(nth);
    let asked = 0;
    expect(index.matching({ attribute: () => ((asked += 1), undefined) })).toEqual([]);
    expect([asked, index.lookedAt]).toEqual([0, 1]);
  });

  test('appends to the array that it is given', () => {
    const index = new FilterIndex<string>();
    index.put('one', everyEvent);
    const into = ['before'];
    expect(index.matching({ attribute: () => undefined }, into)).toBe(into);
    expect(into).toEqual(['before', 'one']);
  });
});
