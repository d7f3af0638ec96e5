import { conditionOf, type Condition, type Test } from './condition.ts';
import type { EventFilter, FilteredEvent } from './event-filter.ts';

/** Whether an event passes. */
export type Passes = (event: FilteredEvent) => boolean;

/** Turns a filter into a test of events; a list of values costs one look-up, however long it is. */
export function compileFilter(filter: EventFilter): Passes {
  return compileCondition(conditionOf(filter));
}

export function compileCondition(condition: Condition): Passes {
  if (condition.kind === 'test') return compileTest(condition);
  const parts = condition.of.map(compileCondition);
  if (parts.length === 1) return parts[0]!;
  // Loops, since this runs for each event: the methods of arrays would make a function each time.
  const isAny = condition.kind === 'any';
  return (event) => {
    for (const passes of parts) if (passes(event) === isAny) return isAny;
    return !isAny;
  };
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
