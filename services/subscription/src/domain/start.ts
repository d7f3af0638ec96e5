import { parleyError, type FieldViolation, type ParleyError } from '@parley/errors';
import type { EventFilter } from '@parley/filters';
import type { Retention } from './settings.ts';
import { classesOf, eventClasses, type EventClass } from './event-class.ts';

/** Where a subscription begins, if not with what happens from now on. */
export type Start = { readonly kind: 'lookback'; readonly lookbackMs: number } | { readonly kind: 'beginning-of-call' };

/** By class: events that were stored then or later are wanted. */
export type StartTimes = Readonly<Record<EventClass, number>>;

/** The first event of a call, if it is kept. */
export interface CallBeginning {
  readonly callId: string;
  /** When it was stored; undefined: it is not kept, or there never was one. */
  readonly timeMs: number | undefined;
}

/** Streams of several classes are stored by several servers, whose clocks differ by less than this. */
const clockSlackMs = 5_000;

/** @throws ParleyError `subscription.invalid_start` */
export function assertStartFits(start: Start, filter: EventFilter): void {
  if (start.kind === 'lookback' && !(start.lookbackMs >= 0)) throw invalidStart('start.lookback', 'is negative');
  if (start.kind === 'beginning-of-call' && filter.callIds.length === 0) {
    throw invalidStart('start.beginning_of_call', 'needs the calls to be named in filter.call_ids');
  }
}

export function invalidStart(field: string, description: string): ParleyError {
  const violations: FieldViolation[] = [{ field, description }];
  return parleyError('subscription.invalid_start', `${field} ${description}`, { details: { violations } });
}

/**
 * When a subscription begins that looks back. Classes that the filter does not ask for begin as early as they may.
 * @throws ParleyError `subscription.start_expired` if it would be before what the account keeps of a class.
 */
export function lookbackTimes(lookbackMs: number, filter: EventFilter, retentionMs: Retention, nowMs: number): StartTimes {
  for (const eventClass of classesOf(filter)) {
    if (lookbackMs > retentionMs[eventClass]) throw startExpired(`${eventClass} events that old are no longer kept`);
  }
  return byClass((eventClass) => nowMs - Math.min(lookbackMs, retentionMs[eventClass]));
}

/** Since when a filter may have events: of classes that it does not ask for, whatever is there. */
export function retentionTimes(filter: EventFilter, retentionMs: Retention, nowMs: number): StartTimes {
  const asked = classesOf(filter);
  return byClass((eventClass) => (asked.includes(eventClass) ? nowMs - retentionMs[eventClass] : 0));
}

/** Beginnings of calls before this are not worth being looked for: something of what they began is not kept. */
export function earliestBeginningMs(filter: EventFilter, retentionMs: Retention, nowMs: number): number {
  return nowMs - Math.min(...classesOf(filter).map((eventClass) => retentionMs[eventClass]));
}

/**
 * When a subscription begins that wants its calls from their beginning: with the first of them, whose first event is a
 * call event, before which there is nothing of any class.
 * @throws ParleyError `subscription.start_expired` if the beginning of one is not kept.
 */
export function beginningTimes(beginnings: readonly CallBeginning[], earliestMs: number): StartTimes {
  const times = beginnings.map(({ callId, timeMs }) => {
    if (timeMs === undefined || timeMs < earliestMs) throw startExpired(`the beginning of call ${callId} is not kept`);
    return timeMs;
  });
  return byClass(() => Math.min(...times) - clockSlackMs);
}

function byClass(timeOf: (eventClass: EventClass) => number): StartTimes {
  return Object.fromEntries(eventClasses.map((eventClass) => [eventClass, timeOf(eventClass)])) as unknown as StartTimes;
}

function startExpired(text: string): ParleyError {
  return parleyError('subscription.start_expired', text);
}
