import { requiredClasses, type EventFilter } from '@parley/filters';

/** Each class of events has a stream. */
export const eventClasses = ['call', 'reaction', 'billing'] as const;
export type EventClass = (typeof eventClasses)[number];

/** How the types of each class begin: what applications publish about their calls is in the class of calls. */
const typePrefixes: Readonly<Record<EventClass, readonly string[]>> = { call: ['call.', 'app.'], reaction: ['reaction.'], billing: ['billing.'] };

/** The classes of which a filter can let something through. */
export function classesOf(filter: EventFilter): readonly EventClass[] {
  return requiredClasses(filter, typePrefixes);
}
