import type { ErrorCode } from '@parley/errors';
import { nextAttemptAt, parseRetryAfterMs, type RetrySchedule } from './retry-schedule.ts';

/** What an attempt at a delivery met. */
export type AttemptResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: string | undefined }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

/** What follows from it. */
export type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly at: Date; readonly reason: string }
  /** This delivery is given up; the lane goes on with the next one. */
  | { readonly kind: 'dead'; readonly reason: string }
  /** The receiver wants nothing more at all. */
  | { readonly kind: 'gone' };

export interface AttemptContext {
  readonly schedule: RetrySchedule;
  /** This one included. */
  readonly attempts: number;
  readonly now: Date;
  /** In [0, 1). */
  readonly random: number;
}

/** Standard Webhooks, "Deliverability and reliability": 2xx is success, 410 ends the subscription, all else is retried. */
export function judge(result: AttemptResult, context: AttemptContext): Verdict {
  if (result.kind === 'answered') {
    if (result.status >= 200 && result.status < 300) return { kind: 'delivered' };
    if (result.status === 410) return { kind: 'gone' };
  }
  const reason = result.kind === 'answered' ? `webhook.failed: status ${result.status}` : result.code;
  const retryAfterMs = result.kind === 'answered' ? parseRetryAfterMs(result.retryAfter, context.now) : undefined;
  const at = nextAttemptAt({ ...context, retryAfterMs });
  return at === undefined ? { kind: 'dead', reason } : { kind: 'retry', at, reason };
}
