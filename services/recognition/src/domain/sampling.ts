import type { Session } from './session.ts';

/** Twice a second: an absence is seen within T1 and half a second. */
const USUAL_MS = 500;
/** While somebody has been there for a while and moves, nothing is expected to change. */
const SETTLED_MS = 1000;
const SETTLED_AFTER_MS = 5000;

/**
 * How far apart frames may be for now, in milliseconds: what is analysed without need is paid for by all streams. A finding
 * has to hold until the one after the next, so that a single frame that is lost makes no gap.
 */
export function samplingPeriodMs({ progress, judgement }: Session): number {
  if (progress.phase !== 'observing') return USUAL_MS;
  const { terms, cascade } = progress;
  const { shownSinceMs, signMs } = judgement.face;
  const isSettled = cascade.stage === 'face' && shownSinceMs !== -1 && cascade.throughMs - shownSinceMs >= SETTLED_AFTER_MS;
  const moved = terms.livenessMs === 0 || (signMs !== -1 && cascade.throughMs - signMs < terms.livenessMs / 2);
  return Math.min(isSettled && moved ? SETTLED_MS : USUAL_MS, Math.max(1, Math.floor(terms.maxGapMs / 2)));
}
