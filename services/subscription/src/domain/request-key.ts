import { parleyError } from '@parley/errors';

/** What made something, so that the same request again is known, and another one under its id refused. */
export interface RequestKey {
  readonly requestId: string;
  /** Of the request's body. */
  readonly digest: string;
}

/**
 * What an earlier run of the same request made.
 * @throws ParleyError `request.idempotency_conflict` if that request had another body.
 */
export function madeBy<Made extends { readonly request?: RequestKey }>(all: readonly Made[], { requestId, digest }: RequestKey): Made | undefined {
  const made = all.find(({ request }) => request?.requestId === requestId);
  if (made !== undefined && made.request?.digest !== digest) {
    throw parleyError('request.idempotency_conflict', 'the request id was used before with another body');
  }
  return made;
}
