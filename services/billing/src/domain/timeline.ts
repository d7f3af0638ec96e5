import { parleyError } from '@parley/errors';

/** What a stretch of the payer's view of its counterpart was. */
export type SegmentKind = 'face' | 'voice' | 'text' | 'not_live' | 'grace_recovered' | 'grace_lapsed' | 'absent' | 'unobserved';

/** Half-open `[fromMs, toMs)` of media time. */
export interface Segment {
  readonly fromMs: bigint;
  readonly toMs: bigint;
  readonly kind: SegmentKind;
}

/** Segments without a hole or an overlap, from media time 0 on; neighbours differ in kind. */
export type Timeline = readonly Segment[];

/** End of what is decided, ms of media time. */
export function endOf(timeline: Timeline): bigint {
  return timeline.at(-1)?.toMs ?? 0n;
}

/**
 * Adds newly decided intervals. What was decided before stays: an overlap is cut off, since its charge may be posted.
 * A hole is time that nobody observed. However the same intervals are cut into batches, the result is the same.
 * @throws ParleyError `bus.malformed_event` for an interval that ends before it begins, or begins before 0.
 */
export function extendTimeline(timeline: Timeline, intervals: readonly Segment[]): Timeline {
  const extended = [...timeline];
  for (const interval of intervals) {
    const { fromMs, toMs } = interval;
    if (fromMs < 0n || toMs < fromMs) throw parleyError('bus.malformed_event', `[${fromMs}, ${toMs}) is no interval of media time`);
    const end = endOf(extended);
    if (fromMs > end) push(extended, { fromMs: end, toMs: fromMs, kind: 'unobserved' });
    if (toMs > end) push(extended, fromMs < end ? { ...interval, fromMs: end } : interval);
  }
  return extended;
}

/** Up to an instant: cut there, or filled up to it as unobserved. */
export function throughMs(timeline: Timeline, untilMs: bigint): Timeline {
  const end = endOf(timeline);
  if (untilMs > end) return extendTimeline(timeline, [{ fromMs: end, toMs: untilMs, kind: 'unobserved' }]);
  return timeline.filter(({ fromMs }) => fromMs < untilMs).map((segment) => (segment.toMs > untilMs ? { ...segment, toMs: untilMs } : segment));
}

function push(segments: Segment[], next: Segment): void {
  const last = segments.at(-1);
  if (last?.kind === next.kind) segments[segments.length - 1] = { ...last, toMs: next.toMs };
  else segments.push(next);
}
