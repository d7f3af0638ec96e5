import { jsonFaultAt } from './json-fault.ts';
import { invalidFilter } from './parse-filter.ts';

/** As much as the largest filter that is allowed can need. */
const maxJsonLength = 32_768;

/**
 * Reads filter expressions that a client sent as JSON text: a list, as in the CloudEvents Subscriptions API. What stands
 * in it is checked by parseFilter.
 * @param field what the client calls it.
 * @throws ParleyError `subscription.invalid_filter`, with the position from 0 of what is no JSON.
 */
export function parseFilterJson(text: string, field: string): readonly unknown[] {
  if (text.length > maxJsonLength) throw invalidFilter([{ field, description: `is longer than ${maxJsonLength} characters` }]);
  const value = parsed(text, field);
  if (!Array.isArray(value)) throw invalidFilter([{ field, description: 'is no list of filters' }]);
  return value;
}

function parsed(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidFilter([{ field, description: `is no JSON, at position ${jsonFaultAt(text)}` }]);
  }
}
