import { parleyError } from '@parley/errors';
import { everyEvent, type EventFilter, type FilterExpression } from './event-filter.ts';
import { maxFilterDepth } from './parse-expression.ts';
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
  return message === undefined ? everyEvent : { ...message, filters: message.filters.map((filter) => fromFilterMessage(filter, 1)) };
}

/**
 * One that was checked when it was written.
 * @throws ParleyError `subscription.invalid_filter` for a dialect that a newer service knows, and this one does not: its
 *   meaning must not be guessed.
 */
export function fromCheckedFilterMessage(message: EventFilterMessage | undefined): EventFilter {
  if (message?.filters.some((filter) => !isKnown(filter)) === true) throw parleyError('subscription.invalid_filter', 'a dialect of the filter is not known');
  return fromEventFilterMessage(message) as EventFilter;
}

function isKnown({ dialect }: FilterMessage): boolean {
  switch (dialect?.$case) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return true;
    case 'all':
    case 'any':
      return dialect.value.filters.every(isKnown);
    case 'not':
      return isKnown(dialect.value);
    case undefined:
      return false;
  }
}

function toFilterMessage(filter: FilterExpression): FilterMessage {
  if ('exact' in filter) return { dialect: { $case: 'exact', value: { attributes: { ...filter.exact } } } };
  if ('prefix' in filter) return { dialect: { $case: 'prefix', value: { attributes: { ...filter.prefix } } } };
  if ('suffix' in filter) return { dialect: { $case: 'suffix', value: { attributes: { ...filter.suffix } } } };
  if ('all' in filter) return { dialect: { $case: 'all', value: { filters: filter.all.map(toFilterMessage) } } };
  if ('any' in filter) return { dialect: { $case: 'any', value: { filters: filter.any.map(toFilterMessage) } } };
  return { dialect: { $case: 'not', value: toFilterMessage(filter.not) } };
}

// One without a dialect becomes an object without one, for the check to find; so does what is nested too deeply for it.
function fromFilterMessage({ dialect }: FilterMessage, depth: number): unknown {
  if (depth > maxFilterDepth) return {};
  switch (dialect?.$case) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return { [dialect.$case]: dialect.value.attributes };
    case 'all':
    case 'any':
      return { [dialect.$case]: dialect.value.filters.map((filter) => fromFilterMessage(filter, depth + 1)) };
    case 'not':
      return { not: fromFilterMessage(dialect.value, depth + 1) };
    case undefined:
      return {};
  }
}
