/** Delays before each attempt at a delivery, in ms; as many attempts as delays. The first is usually 0. */
export type RetrySchedule = readonly number[];

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A schedule as text: `0s,500ms,5m,2h`. */
export const schedulePattern = /^\d{1,9}(?:ms|s|m|h)(?:,\d{1,9}(?:ms|s|m|h))*$/;

/** One of its delays. */
export const durationPattern = /^\d{1,9}(?:ms|s|m|h)$/;

/** @param text of schedulePattern, or of durationPattern for a schedule of one */
export function parseSchedule(text: string): RetrySchedule {
  return [...text.matchAll(/(\d+)(ms|s|m|h)/g)].map(([, amount, unit]) => Number(amount) * unitMs[unit!]!);
}

/** Each delay is stretched by up to this share, so that what failed together is not retried together. */
const jitterRatio = 0.2;

/** No receiver may put a lane off for longer than this, whatever its Retry-After says. */
const longestRetryAfterMs = 24 * 3600 * 1_000;

export interface RetryQuestion {
  readonly schedule: RetrySchedule;
  /** Attempts made so far, at least 1. */
  readonly attempts: number;
  readonly now: Date;
  /** In [0, 1). */
  readonly random: number;
  /** What the receiver asked for with Retry-After. */
  readonly retryAfterMs?: number | undefined;
}

/** When to try again; undefined when the schedule has ended. */
export function nextAttemptAt({ schedule, attempts, now, random, retryAfterMs = 0 }: RetryQuestion): Date | undefined {
  const delayMs = schedule[attempts];
  if (delayMs === undefined) return undefined;
  const jitteredMs = Math.round(delayMs * (1 + jitterRatio * random));
  return new Date(now.getTime() + Math.max(jitteredMs, Math.min(retryAfterMs, longestRetryAfterMs)));
}

/** Retry-After as seconds or as an HTTP date (RFC 9110, 10.2.3); undefined when it is neither. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
