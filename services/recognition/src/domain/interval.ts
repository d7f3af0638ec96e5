import type { Channel } from './finding.ts';

/** `not_live`: a face was shown, but nothing showed that it lives. */
export type IntervalKind = 'evidence' | 'not_live' | 'grace_recovered' | 'grace_lapsed' | 'absent' | 'unobserved';

/** Media time half-open [fromMs, toMs) and what is to be said of it. Intervals of a session are contiguous from 0. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: IntervalKind;
  /** Of evidence the channel, of grace the stage that waited. */
  readonly channel?: Channel;
  /** Of evidence: the confidence of its findings, 0..1, each weighted by how long it held; else 0. */
  readonly confidence: number;
}

/** Adds an interval that follows the last one, and makes them one where they say the same. */
export function append(intervals: readonly Interval[], next: Interval): Interval[] {
  const last = intervals.at(-1);
  if (next.toMs <= next.fromMs) return [...intervals];
  if (!last || last.kind !== next.kind || last.channel !== next.channel) return [...intervals, next];
  const [before, after] = [last.toMs - last.fromMs, next.toMs - next.fromMs];
  const confidence = (last.confidence * before + next.confidence * after) / (before + after);
  return [...intervals.slice(0, -1), { ...last, toMs: next.toMs, confidence }];
}

/** What lies before `endMs`. */
export function clip(intervals: readonly Interval[], endMs: number): Interval[] {
  return intervals.flatMap((interval) => append([], { ...interval, toMs: Math.min(interval.toMs, endMs) }));
}
