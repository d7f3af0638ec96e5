import { parleyError, type FieldViolation } from '@parley/errors';
import type { EventFilter } from './event-filter.ts';
import { expressionFaults, expressionSize, toExpression } from './parse-expression.ts';

/** A filter as a client sent it: its expressions are not checked yet. */
export interface GivenFilter extends Omit<EventFilter, 'filters'> {
  readonly filters: readonly unknown[];
}

/** What a filter may name. */
export interface FilterVocabulary {
  /** The catalogue's types, so that a misspelt one is refused instead of never matching; `app.*` types are the applications' own. */
  readonly types: readonly string[];
  /** Of CloudEvents, of the call, and of event data (`data.status`). */
  readonly attributes: readonly string[];
  /** Of those attributes that have certain values only, as enums do: another is refused, too. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** Over all lists and expressions of one filter: bounds what is kept of it and sent about it, and what an event costs. */
export const maxFilterValues = 64;

const callIdPattern = /^CA[0-9a-f]{32}$/;
// Looser than what a device may register as: a filter for an address that nobody can have just never matches.
const addressPattern = /^(?:client:[\x21-\x7e]{1,128}|\+[0-9]{1,15})$/;
const applicationTypePattern = /^app\.[a-z0-9_.]{1,64}$/;

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
 * Checks a filter that a client sent, whatever it holds.
 * @throws ParleyError `subscription.invalid_filter`; its violations name each fault by its position, from 0
 *   (`filter.types[1]`, `filter.filters[0].any[2].not.exact.data.foo`), and never a value, which may be a telephone number.
 */
export function parseFilter(given: GivenFilter, vocabulary: FilterVocabulary, names: FieldNames = messageFieldNames): EventFilter {
  const { types, callIds, from, to, directions, filters } = given;
  // First, and alone: nothing of what is absurdly large is looked at.
  if (sizeOf(given) > maxFilterValues) throw invalidFilter([{ field: 'filter', description: `has more than ${maxFilterValues} values` }]);
  const isType = typeCheck(vocabulary);
  const isAddress = (address: string) => addressPattern.test(address);
  const violations: FieldViolation[] = [
    ...faults(names.types, types, (type) => isType(type) || isClass(type, vocabulary), 'is no type of the catalogue, nor a class with a star'),
    ...faults(names.callIds, callIds, (id) => callIdPattern.test(id), 'is no call id (CA and 32 hexadecimal digits)'),
    ...faults(names.from, from, isAddress, 'is no address (client:<name> or +<digits>)'),
    ...faults(names.to, to, isAddress, 'is no address (client:<name> or +<digits>)'),
    ...faults(names.directions, directions, (direction) => direction === 'inbound' || direction === 'outbound-api', 'is neither inbound nor outbound-api'),
    ...expressionFaults(filters, names.filters, { attributes: new Set(vocabulary.attributes), isType, values: vocabulary.values }),
  ];
  if (violations.length > 0) throw invalidFilter(violations);
  return { types: [...types], callIds: [...callIds], from: [...from], to: [...to], directions: [...directions], filters: filters.map(toExpression) };
}

/** `subscription.invalid_filter` for one or more fields. */
export function invalidFilter(violations: readonly FieldViolation[]): Error {
  const text = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
  return parleyError('subscription.invalid_filter', text, { details: { violations } });
}

function sizeOf({ filters, ...lists }: GivenFilter): number {
  const size = Object.values(lists).reduce((sum, values) => sum + values.length, 0);
  return size > maxFilterValues ? size : size + expressionSize(filters, maxFilterValues - size);
}

function typeCheck({ types }: FilterVocabulary): (type: string) => boolean {
  const known = new Set(types);
  return (type) => (known.has(type) && !type.endsWith('*')) || applicationTypePattern.test(type);
}

function isClass(type: string, { types }: FilterVocabulary): boolean {
  return type === 'app.*' || types.some((known) => type === `${known.slice(0, known.indexOf('.'))}.*`);
}

// The value itself is not repeated: it may be a telephone number.
function faults(field: string, values: readonly string[], allowed: (value: string) => boolean, description: string): readonly FieldViolation[] {
  return values.flatMap((value, index) => (allowed(value) ? [] : [{ field: `${field}[${index}]`, description }]));
}
