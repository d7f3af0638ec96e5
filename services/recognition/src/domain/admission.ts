import type { Channel } from './finding.ts';
import type { Session } from './session.ts';

/**
 * What may still come on a stream: observations in the order of their media time, of each channel once. It knows of
 * observations that are still being analysed, too, which the session does not.
 */
export interface Admission {
  readonly seenMs: Readonly<Record<Channel, number>>;
  readonly arrivedThroughMs: number;
  readonly finished: boolean;
}

export type Verdict = 'new' | 'duplicate' | 'goes_back' | 'finished' | 'impossible';

export function admissionOf({ seenMs, arrivedThroughMs, finishedAtMs, progress }: Session): Admission {
  return { seenMs, arrivedThroughMs, finished: finishedAtMs !== undefined || progress.phase === 'ended' };
}

/** @param claimedMs media time as the device gave it */
export function admit(channel: Channel, claimedMs: number, admission: Admission): { verdict: Verdict; admission: Admission } {
  const verdict = judge(channel, claimedMs, admission);
  if (verdict !== 'new') return { verdict, admission };
  return { verdict, admission: { ...admission, seenMs: { ...admission.seenMs, [channel]: claimedMs }, arrivedThroughMs: claimedMs } };
}

function judge(channel: Channel, claimedMs: number, { seenMs, arrivedThroughMs, finished }: Admission): Verdict {
  if (!isMediaTime(claimedMs)) return 'impossible';
  if (claimedMs <= seenMs[channel]) return 'duplicate';
  if (finished) return 'finished';
  return claimedMs < arrivedThroughMs ? 'goes_back' : 'new';
}

export function isMediaTime(claimedMs: number): boolean {
  return Number.isSafeInteger(claimedMs) && claimedMs >= 0;
}
