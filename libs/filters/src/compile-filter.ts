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
  if (condition.kind === 'all') return (event) => parts.every((passes) => passes(event));
  return (event) => parts.some((passes) => passes(event));
}

function compileTest({ attribute, isNegated, ...rest }: Test): Passes {
  const holds = comparison(rest);
  return (event) => {
    const value = event.attribute(attribute);
    return (value !== undefined && holds(value)) !== isNegated;
  };
}

function comparison({ match, values }: Pick<Test, 'match' | 'values'>): (value: string) => boolean {
  switch (match) {
    case 'exact':
      return values.length === 1 ? equals(values[0]!) : contains(new Set(values));
    case 'prefix':
      return (value) => values.some((prefix) => value.startsWith(prefix));
    case 'suffix':
      return (value) => values.some((suffix) => value.endsWith(suffix));
  }
}

function equals(wanted: string): (value: string) => boolean {
  return (value) => value === wanted;
}

function contains(wanted: ReadonlySet<string>): (value: string) => boolean {
  return (value) => wanted.has(value);
}
