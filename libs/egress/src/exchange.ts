import { parleyError } from '@parley/errors';
import type { Dispatcher } from 'undici';
import type { TimeLimits } from './time-limits.ts';

export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ExchangeLimits {
  readonly limits: TimeLimits;
  readonly maxBytes: number;
  /** What an answer that has more is: refused as a whole, or cut off there. */
  readonly excess: 'refuse' | 'cut';
  /** For what is said of a refused one. */
  readonly host: string;
}

/**
 * One request and its answer. On undici's handlers and not on its `request`, whose stream and abort signal cost more than
 * the small answers here, and which does not give up a request that still waits for its connection.
 * @throws what passed of the limits, ParleyError `egress.response_too_large`, or an error of undici's
 */
export function exchange(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, { limits, maxBytes, excess, host }: ExchangeLimits): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const parts: Buffer[] = [];
  let size = 0;
  let [status, headers]: [number, Answer['headers']] = [0, {}];
  let connection: Dispatcher.DispatchController | undefined;
  const answered = () => resolve({ status, headers, body: parts.length === 1 ? parts[0]! : Buffer.concat(parts) });
  const giveUp = (error: Error) => {
    reject(error);
    connection?.abort(error);
  };
  limits.onPassed(giveUp);
  if (limits.passed !== undefined) return promise;
  dispatcher.dispatch(request, {
    onRequestStart(controller) {
      connection = controller;
      if (limits.passed !== undefined) controller.abort(limits.passed);
    },
    onResponseStart(_controller, code, fields) {
      limits.progress();
      [status, headers] = [code, plainHeaders(fields)];
    },
    onResponseData(controller, part) {
      limits.progress();
      const room = maxBytes - size;
      size += part.length;
      parts.push(part.length > room ? part.subarray(0, room) : part);
      if (part.length <= room) return;
      if (excess === 'refuse') return giveUp(parleyError('egress.response_too_large', `the answer of ${host} has more than ${maxBytes} bytes`));
      answered();
      // Leaving off here ends the connection.
      controller.abort(new Error('the rest is not wanted'));
    },
    onResponseEnd: answered,
    onResponseError: (_controller, error) => reject(error),
  });
  return promise;
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  }
  return plain;
}
