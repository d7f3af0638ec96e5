import { invalidArgument } from '@parley/errors';
import { parseFilterJson, type FieldNames, type GivenFilter } from '@parley/filters';

/** What an EventSource's URL and headers ask for. */
export interface SseRequest {
  readonly filter: GivenFilter;
  readonly cursor: string;
}

/** The filter's lists as the query calls them; each may be repeated or hold values separated by commas. `filters` is JSON, once. */
export const queryFieldNames: FieldNames = { types: 'types', callIds: 'call_id', from: 'from', to: 'to', directions: 'direction', filters: 'filters' };

const known = new Set([...Object.values(queryFieldNames), 'cursor', 'access_token']);

/**
 * Reads a query. A parameter that is not known is an error: a misspelt filter would let everything through.
 * @param lastEventId the Last-Event-ID header. A browser that reconnects sends it with the URL that it began with, so it
 *   goes before the query's cursor.
 * @throws ParleyError `request.invalid_argument`, `subscription.invalid_filter`
 */
export function readSseRequest(query: URLSearchParams, lastEventId: string | undefined): SseRequest {
  const unknown = [...new Set(query.keys())].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw invalidArgument(unknown.map((name) => ({ field: name.slice(0, 64), description: 'is no parameter of this request' })));
  }
  return {
    filter: {
      types: values(query, queryFieldNames.types),
      callIds: values(query, queryFieldNames.callIds),
      from: values(query, queryFieldNames.from),
      to: values(query, queryFieldNames.to),
      directions: values(query, queryFieldNames.directions),
      filters: expressions(query),
    },
    cursor: lastEventId !== undefined && lastEventId !== '' ? lastEventId : (query.get('cursor') ?? ''),
  };
}

function values(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((text) => text.split(','))
    // A plus sign in a query is a space unless it is escaped, and telephone numbers are rarely escaped.
    .map((value) => value.replace(/^ (?=\d)/, '+').trim())
    .filter((value) => value !== '');
}

function expressions(query: URLSearchParams): readonly unknown[] {
  const [text, ...more] = query.getAll(queryFieldNames.filters);
  if (more.length > 0) throw invalidArgument([{ field: queryFieldNames.filters, description: 'is given more than once' }]);
  // As above; no value of an attribute begins with a space.
  return text === undefined || text === '' ? [] : parseFilterJson(text.replace(/" (?=\d)/g, '"+'), queryFieldNames.filters);
}
