import { conditionOf, type Condition, type Test } from './condition.ts';
import type { EventFilter } from './event-filter.ts';

/**
 * The classes of events that can pass at all; the others need not be read. Where only an event itself could tell, its
 * class is taken to pass.
 * @param typePrefixes by class: how its types begin, e.g. `call.` and `app.`.
 */
export function requiredClasses<Class extends string>(filter: EventFilter, typePrefixes: Readonly<Record<Class, readonly string[]>>): Class[] {
  const condition = conditionOf(filter);
  const classes = Object.keys(typePrefixes) as Class[];
  return classes.filter((name) => typePrefixes[name].some((prefix) => canPass(condition, prefix)));
}

/** Whether an event can pass whose type begins with the prefix. */
function canPass(condition: Condition, typePrefix: string): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => canPass(one, typePrefix));
    case 'any':
      return condition.of.some((one) => canPass(one, typePrefix));
    case 'test':
      return condition.attribute !== 'type' || typeCanPass(condition, typePrefix);
  }
}

function typeCanPass({ match, isNegated, values }: Test, typePrefix: string): boolean {
  if (isNegated) return match !== 'prefix' || !values.some((value) => typePrefix.startsWith(value));
  switch (match) {
    case 'exact':
      return values.some((value) => value.startsWith(typePrefix));
    case 'prefix':
      return values.some((value) => value.startsWith(typePrefix) || typePrefix.startsWith(value));
    case 'suffix':
      return true;
  }
}
