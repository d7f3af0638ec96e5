import type { EventFilter, FilterExpression, FilteredEvent } from '../event-filter.ts';

/** What a filter means, written for the reader and independent of the code under test: slow, and word by word. */
export function reference(filter: EventFilter, event: FilteredEvent): boolean {
  const asked = (values: readonly string[], attribute: string) => values.length === 0 || values.includes(event.attribute(attribute) ?? '');
  const typeAsked =
    filter.types.length === 0 ||
    filter.types.some((type) => {
      const value = event.attribute('type') ?? '';
      return type.endsWith('.*') ? value.startsWith(type.slice(0, -1)) : value === type;
    });
  return (
    typeAsked &&
    asked(filter.callIds, 'subject') &&
    asked(filter.from, 'callfrom') &&
    asked(filter.to, 'callto') &&
    asked(filter.directions, 'calldirection') &&
    filter.filters.every((expression) => holds(expression, event))
  );
}

function holds(expression: FilterExpression, event: FilteredEvent): boolean {
  if ('exact' in expression) return each(expression.exact, event, (value, wanted) => value === wanted);
  if ('prefix' in expression) return each(expression.prefix, event, (value, wanted) => value.startsWith(wanted));
  if ('suffix' in expression) return each(expression.suffix, event, (value, wanted) => value.endsWith(wanted));
  if ('all' in expression) return expression.all.every((inner) => holds(inner, event));
  if ('any' in expression) return expression.any.some((inner) => holds(inner, event));
  return !holds(expression.not, event);
}

function each(attributes: Readonly<Record<string, string>>, event: FilteredEvent, compare: (value: string, wanted: string) => boolean): boolean {
  return Object.entries(attributes).every(([name, wanted]) => {
    const value = event.attribute(name);
    return value !== undefined && compare(value, wanted);
  });
}
