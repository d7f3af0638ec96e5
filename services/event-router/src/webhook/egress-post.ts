import type { Egress } from '@parley/egress';
import type { SendPost } from './send-webhook.ts';

/** Of an answer that nobody reads; one that is larger is a receiver gone wrong. */
const maxAnswerBytes = 1024 * 1024;

/** Posts through the guard against addresses that are not public. Redirects are not followed: they are answers. */
export function createEgressPost(egress: Egress, timeoutMs: number): SendPost {
  return async ({ url, headers, body, signal }) => {
    const answer = await egress.request({
      url,
      method: 'POST',
      headers,
      body,
      signal,
      timeouts: { readMs: timeoutMs, totalMs: timeoutMs },
      maxBytes: maxAnswerBytes,
    });
    return { status: answer.status, retryAfter: answer.headers['retry-after'] };
  };
}
