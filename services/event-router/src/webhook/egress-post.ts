import type { Egress } from '@parley/egress';
import { excerptOf } from './excerpt.ts';
import type { SendPost } from './send-webhook.ts';

/** Of an answer nobody needs more than its beginning; one that goes on and on is cut off there. */
const maxAnswerBytes = 16 * 1024;

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
      excess: 'cut',
    });
    return { status: answer.status, retryAfter: answer.headers['retry-after'], excerpt: excerptOf(answer.body) };
  };
}
