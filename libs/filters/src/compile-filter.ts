import { conditionOf, textOf, type Condition, type Test } from './condition.ts';
import type { EventFilter, FilteredEvent } from './event-filter.ts';

/** Whether an event passes. */
export type Passes = (event: FilteredEvent) => boolean;

/** Turns a filter into a test of events; a list of values costs one look-up, however long it is. */
export function compileFilter(filter: EventFilter): Passes {
  return combine(conditionOf(filter), sharedTest);
}

/** Turns a condition into one function, given what its tests are turned into. */
export function combine<Given>(condition: Condition, compileTest: (test: Test) => (given: Given) => boolean): (given: Given) => boolean {
  if (condition.kind === 'test') return compileTest(condition);
  const parts = condition.of.map((part) => combine(part, compileTest));
  const [first, second, ...more] = parts;
  if (first !== undefined && second === undefined) return first;
  const isAny = condition.kind === 'any';
  if (first !== undefined && second !== undefined && more.length === 0) {
    return isAny ? (given) => first(given) || second(given) : (given) => first(given) && second(given);
  }
  // Loops, since this runs for each event: the methods of arrays would make a function each time.
  return (given) => {
    for (const holds of parts) if (holds(given) === isAny) return isAny;
    return !isAny;
  };
}

/**
 * Tests that many filters have are one function: with very many filters, what is fetched from memory is what costs. Begun
 * anew when it is full, so that tests of a single filter do not stay for good.
 */
const recentTests = new Map<string, Passes>();
const mostRecentTests = 4_096;

function sharedTest(test: Test): Passes {
  const key = textOf(test);
  const known = recentTests.get(key);
  if (known !== undefined) return known;
  if (recentTests.size === mostRecentTests) recentTests.clear();
  const passes = compileTest(test);
  recentTests.set(key, passes);
  return passes;
}

function compileTest({ attribute, isNegated, ...rest }: Test): Passes {
  const [wanted, ...more] = rest.values;
  // Most tests are this one; no function within the function, and nothing else to be fetched from memory.
  if (rest.match === 'exact' && more.length === 0) {
    return isNegated ? (event) => event.attribute(attribute) !== wanted : (event) => event.attribute(attribute) === wanted;
  }
  const holds = comparison(rest);
  return (event) => {
    const value = event.attribute(attribute);
    return (value !== undefined && holds(value)) !== isNegated;
  };
}

function comparison({ match, values }: Pick<Test, 'match' | 'values'>): (value: string) => boolean {
  switch (match) {
    case 'exact':
      return contains(new Set(values));
    case 'prefix':
      return (value) => {
        for (const prefix of values) if (value.startsWith(prefix)) return true;
        return false;
      };
    case 'suffix':
      return (value) => {
        for (const suffix of values) if (value.endsWith(suffix)) return true;
        return false;
      };
  }
}

function contains(wanted: ReadonlySet<string>): (value: string) => boolean {
  return (value) => wanted.has(value);
}
