import type { IncomingMessage } from 'node:http';
import type { VisitEnd } from './visit.ts';

/** Statuses that a client cures by coming back, besides those of the server's own faults. */
const passing = new Set([408, 429]);

/** What an answer means that is an error instead of a stream. */
export async function refusal(response: IncomingMessage): Promise<VisitEnd> {
  let text = '';
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) text += part;
  const { statusCode = 0 } = response;
  return { kind: statusCode >= 500 || passing.has(statusCode) ? 'broken' : 'refused', why: `${statusCode} ${text}` };
}
