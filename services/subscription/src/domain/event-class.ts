import { typePrefixes, type EventFilter } from '@parley/filters';

/** Each class of events has a stream. */
export const eventClasses = ['call', 'reaction', 'billing'] as const;
export type EventClass = (typeof eventClasses)[number];

/** Types that begin so are in the class of calls, besides `call`: what applications publish about their calls. */
const applicationPrefix = 'app';

/** The classes of which a filter can let something through. */
export function classesOf(filter: EventFilter): readonly EventClass[] {
  const prefixes = typePrefixes(filter);
  if (prefixes === undefined) return eventClasses;
  return eventClasses.filter((eventClass) => prefixes.has(eventClass) || (eventClass === 'call' && prefixes.has(applicationPrefix)));
}
