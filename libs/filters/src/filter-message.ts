import { everyEvent, type EventFilter, type FilterExpression } from './event-filter.ts';
import type { GivenFilter } from './parse-filter.ts';

interface Values {
  attributes: { [name: string]: string };
}

interface List {
  filters: FilterMessage[];
}

/** parley.subscription.v1.Filter is one. */
interface FilterMessage {
  dialect:
    | { $case: 'exact'; value: Values }
    | { $case: 'prefix'; value: Values }
    | { $case: 'suffix'; value: Values }
    | { $case: 'all'; value: List }
    | { $case: 'any'; value: List }
    | { $case: 'not'; value: FilterMessage }
    | undefined;
}

/** A filter as protobuf carries it; parley.subscription.v1.EventFilter is one. */
export interface EventFilterMessage {
  types: string[];
  callIds: string[];
  from: string[];
  to: string[];
  directions: string[];
  filters: FilterMessage[];
}

export function toEventFilterMessage({ types, callIds, from, to, directions, filters }: EventFilter): EventFilterMessage {
  return {
    types: [...types],
    callIds: [...callIds],
    from: [...from],
    to: [...to],
    directions: [...directions],
    filters: filters.map(toFilterMessage),
  };
}

/** As a client sent it, to be checked. No filter asks for every event. */
export function fromEventFilterMessage(message: EventFilterMessage | undefined): GivenFilter {
  return message === undefined ? everyEvent : { ...message, filters: message.filters.map(fromFilterMessage) };
}

function toFilterMessage(filter: FilterExpression): FilterMessage {
  if ('exact' in filter) return { dialect: { $case: 'exact', value: { attributes: { ...filter.exact } } } };
  if ('prefix' in filter) return { dialect: { $case: 'prefix', value: { attributes: { ...filter.prefix } } } };
  if ('suffix' in filter) return { dialect: { $case: 'suffix', value: { attributes: { ...filter.suffix } } } };
  if ('all' in filter) return { dialect: { $case: 'all', value: { filters: filter.all.map(toFilterMessage) } } };
  if ('any' in filter) return { dialect: { $case: 'any', value: { filters: filter.any.map(toFilterMessage) } } };
  return { dialect: { $case: 'not', value: toFilterMessage(filter.not) } };
}

// One without a dialect becomes an object without one, for the check to find.
function fromFilterMessage({ dialect }: FilterMessage): unknown {
  switch (dialect?.$case) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return { [dialect.$case]: dialect.value.attributes };
    case 'all':
    case 'any':
      return { [dialect.$case]: dialect.value.filters.map(fromFilterMessage) };
    case 'not':
      return { not: fromFilterMessage(dialect.value) };
    case undefined:
      return {};
  }
}
