import { invalidArgument } from '@parley/errors';

const defaultPageSize = 50;
const largestPageSize = 200;

/** @throws ParleyError `request.invalid_argument` */
export function pageLimit(pageSize: number): number {
  if (pageSize < 0) throw invalidArgument([{ field: 'page_size', description: 'is negative' }]);
  return Math.min(pageSize === 0 ? defaultPageSize : pageSize, largestPageSize);
}

/** A place in a list, as a token. */
export function toPageToken(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * @param shape the types of the place's parts
 * @returns undefined for the first page
 * @throws ParleyError `request.invalid_argument` for a token that was not given out
 */
export function fromPageToken(token: string, shape: readonly ('string' | 'number')[]): readonly (string | number)[] | undefined {
  if (token === '') return undefined;
  const place = parsed(Buffer.from(token, 'base64url').toString());
  if (Array.isArray(place) && place.length === shape.length && place.every((part, index) => typeof part === shape[index])) return place as (string | number)[];
  throw invalidArgument([{ field: 'page_token', description: 'is not one that was given out' }]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
