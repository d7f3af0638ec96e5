import { invalidArgument } from '@parley/errors';
import { parseFilterJson, type FieldNames, type GivenFilter } from '@parley/filters';
import type { Start } from '../usecases/open-subscriber.ts';

/** What the URL of an event stream and its headers ask for, over SSE and WebSocket alike. */
export interface WebStreamRequest {
  readonly filter: GivenFilter;
  readonly cursor: string;
  readonly start: Start;
}

/** The filter's lists as the query calls them; each may be repeated or hold values separated by commas. `filters` is JSON, once. */
export const queryFieldNames: FieldNames = { types: 'types', callIds: 'call_id', from: 'from', to: 'to', directions: 'direction', filters: 'filters' };

/** By what right: a token of the account, or a verification token for the account that is named. */
export const credentialNames = { accessToken: 'access_token', account: 'account', verificationToken: 'verification_token' } as const;

const known = new Set<string>([...Object.values(queryFieldNames), ...Object.values(credentialNames), 'cursor', 'start']);

/**
 * Reads a query. A parameter that is not known is an error: a misspelt filter would let everything through.
 * @param lastEventId the Last-Event-ID header. A browser that reconnects sends it with the URL that it began with, so it
 *   goes before the query's cursor.
 * @throws ParleyError `request.invalid_argument`, `subscription.invalid_filter`
 */
export function readStreamRequest(query: URLSearchParams, lastEventId: string | undefined): WebStreamRequest {
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
    start: readStart(query.get('start')),
  };
}

/**
 * The filter's parameters as a verification token is made over them, so that any language can write them: sorted by name,
 * in the given order where a name is repeated, as application/x-www-form-urlencoded.
 */
export function filterText(query: URLSearchParams): string {
  const names = new Set<string>(Object.values(queryFieldNames));
  const given = new URLSearchParams([...query].filter(([name]) => names.has(name)));
  given.sort();
  return given.toString();
}

/** `now`, `beginning_of_call`, or so far back: `30s`, `15m`, `24h`. */
function readStart(text: string | null): Start {
  if (text === null || text === 'now') return { kind: 'now' };
  if (text === 'beginning_of_call') return { kind: text };
  const [, amount, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (unit === undefined) throw invalidArgument([{ field: 'start', description: 'is neither now, beginning_of_call nor a time back, such as 15m' }]);
  return { kind: 'lookback', ms: Number(amount) * lookbackUnitMs[unit]! };
}

const lookbackUnitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

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
