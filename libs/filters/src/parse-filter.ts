import { parleyError, type FieldViolation } from '@parley/errors';
import type { EventFilter } from './event-filter.ts';

/** A filter as a client sent it: its expressions are not checked yet. */
export interface GivenFilter extends Omit<EventFilter, 'filters'> {
  readonly filters: readonly unknown[];
}

/** Over all lists of one filter: bounds what is kept of it and sent about it. */
export const maxFilterValues = 64;

const callIdPattern = /^CA[0-9a-f]{32}$/;
// Looser than what a device may register as: a filter for an address that nobody can have just never matches.
const addressPattern = /^(?:client:[\x21-\x7e]{1,128}|\+[0-9]{1,15})$/;
const applicationTypePattern = /^app\.(?:\*|[a-z0-9_.]{1,64})$/;

/** The names of the lists, as the caller wrote them: of a message, or of a query. */
export type FieldNames = Readonly<Record<keyof EventFilter, string>>;

/** As in `parley.subscription.v1.EventFilter`. */
export const messageFieldNames: FieldNames = {
  types: 'filter.types',
  callIds: 'filter.call_ids',
  from: 'filter.from',
  to: 'filter.to',
  directions: 'filter.directions',
  filters: 'filter.filters',
};

/**
 * Checks a filter that a client sent.
 * @param knownTypes the catalogue's types, so that a misspelt one is refused instead of never matching; `app.*` types
 *   are the applications' own and need only the right shape.
 * @throws ParleyError `subscription.invalid_filter`; its violations name the list, the position from 0, and the fault.
 */
export function parseFilter(given: GivenFilter, knownTypes: readonly string[], names: FieldNames = messageFieldNames): EventFilter {
  const known = new Set([...knownTypes, ...knownTypes.map((type) => type.replace(/\..*$/, '.*'))]);
  const violations: FieldViolation[] = [
    ...tooMany(given),
    ...faults(names.types, given.types, (type) => known.has(type) || applicationTypePattern.test(type), 'is no type of the catalogue, nor a class with a star'),
    ...faults(names.callIds, given.callIds, (id) => callIdPattern.test(id), 'is no call id (CA and 32 hexadecimal digits)'),
    ...faults(names.from, given.from, (address) => addressPattern.test(address), 'is no address (client:<name> or +<digits>)'),
    ...faults(names.to, given.to, (address) => addressPattern.test(address), 'is no address (client:<name> or +<digits>)'),
    ...faults(names.directions, given.directions, (direction) => direction === 'inbound' || direction === 'outbound-api', 'is neither inbound nor outbound-api'),
  ];
  if (violations.length > 0) throw invalidFilter(violations);
  const { types, callIds, from, to, directions } = given;
  return { types: [...types], callIds: [...callIds], from: [...from], to: [...to], directions: [...directions], filters: [] };
}

/** `subscription.invalid_filter` for one or more fields. */
export function invalidFilter(violations: readonly FieldViolation[]): Error {
  const text = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
  return parleyError('subscription.invalid_filter', text, { details: { violations } });
}

function tooMany(given: GivenFilter): readonly FieldViolation[] {
  const count = Object.values(given).reduce((sum, values) => sum + values.length, 0);
  return count > maxFilterValues ? [{ field: 'filter', description: `has ${count} values, more than ${maxFilterValues}` }] : [];
}

// The value itself is not repeated: it may be a telephone number.
function faults(field: string, values: readonly string[], allowed: (value: string) => boolean, description: string): readonly FieldViolation[] {
  return values.flatMap((value, index) => (allowed(value) ? [] : [{ field: `${field}[${index}]`, description }]));
}
