import type { ErrorCode } from '@parley/errors';
import type { Health } from './circuit.ts';
import { nextAttemptAt, parseRetryAfterMs, type RetrySchedule } from './retry-schedule.ts';

/** What an attempt at a delivery met. */
export type AttemptResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter?: string | undefined;
      /** The beginning of the answer's body, printable. */
      readonly excerpt?: string;
    }
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

/** What it tells of the endpoint. One that answers works, even if it does not like what it got. */
export function healthOf(result: AttemptResult): Health {
  if (result.kind === 'answered') return result.status >= 500 || result.status === 429 ? 'ill' : 'well';
  return result.code === 'egress.cancelled' || result.code === 'internal' ? 'unknown' : 'ill';
}

/** One wish of one answer must not silence an endpoint for a day. */
const longestEndpointPauseMs = 3_600_000;

/**
 * How long the whole endpoint asks to be left alone, in ms: 429 and 503 speak for it (RFC 6585, 4; RFC 9110, 15.6.4). At most
 * an hour; the delivery that was answered so waits for as long as it was asked to.
 */
export function endpointPauseMs(result: AttemptResult, now: Date): number {
  if (result.kind !== 'answered' || (result.status !== 429 && result.status !== 503)) return 0;
  return Math.min(parseRetryAfterMs(result.retryAfter, now) ?? 0, longestEndpointPauseMs);
}

/** An attempt as it is kept for people to look at. */
export interface AttemptRecord {
  readonly subscriptionId: string;
  readonly eventId: string;
  readonly callId: string;
  /** From 1. */
  readonly number: number;
  readonly outcome: 'delivered' | 'retry' | 'dead';
  /** 0: there was no answer. */
  readonly status: number;
  /** Of the error table; empty when it was delivered. */
  readonly code: string;
  readonly timeMs: number;
  readonly latencyMs: number;
  readonly excerpt: string;
}

/** @param number of the attempt, from 1 */
export function attemptRecord(
  { subscriptionId, eventId, callId }: Pick<AttemptRecord, 'subscriptionId' | 'eventId' | 'callId'>,
  result: AttemptResult,
  verdict: Verdict,
  { number, timeMs, latencyMs }: Pick<AttemptRecord, 'number' | 'timeMs' | 'latencyMs'>,
): AttemptRecord {
  return {
    subscriptionId,
    eventId,
    callId,
    number,
    outcome: verdict.kind === 'gone' ? 'dead' : verdict.kind,
    status: result.kind === 'answered' ? result.status : 0,
    code: codeOf(result, verdict),
    timeMs,
    latencyMs,
    excerpt: result.kind === 'answered' ? (result.excerpt ?? '') : '',
  };
}

function codeOf(result: AttemptResult, verdict: Verdict): ErrorCode | '' {
  if (verdict.kind === 'delivered') return '';
  if (verdict.kind === 'gone') return 'webhook.gone';
  return result.kind === 'failed' ? result.code : 'webhook.failed';
}
