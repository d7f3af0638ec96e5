import type { FieldViolation } from '@parley/errors';
import { invalidFilter, type EventFilter } from '@parley/filters';

/** Each class of events has a stream, and a NATS sink has a consumer on it. */
export const eventClasses = ['call', 'reaction', 'billing'] as const;
export type EventClass = (typeof eventClasses)[number];

/** Where a subscription's events go. */
export type Sink =
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** Standard Webhooks secret: `whsec_` and base64. */
      readonly secret: string;
    }
  | { readonly kind: 'nats' };

/**
 * The classes that a NATS sink's filter asks for. The broker filters by subject, and a subject says class and account, so
 * whole classes are all that can be asked for. `call.*` is the class here, and includes what applications publish (`app.*`).
 * @throws ParleyError `subscription.invalid_filter`
 */
export function natsClasses(filter: EventFilter): readonly EventClass[] {
  const violations: FieldViolation[] = [
    ...filter.types.flatMap((type, index) => (isWholeClass(type) ? [] : [tooNarrow(`filter.types[${index}]`)])),
    ...(filter.callIds.length > 0 ? [tooNarrow('filter.call_ids')] : []),
    ...(filter.from.length > 0 ? [tooNarrow('filter.from')] : []),
    ...(filter.to.length > 0 ? [tooNarrow('filter.to')] : []),
    ...(filter.directions.length > 0 ? [tooNarrow('filter.directions')] : []),
    ...(filter.filters.length > 0 ? [tooNarrow('filter.filters')] : []),
  ];
  if (violations.length > 0) throw invalidFilter(violations);
  return filter.types.length === 0 ? eventClasses : eventClasses.filter((eventClass) => filter.types.includes(`${eventClass}.*`));
}

function isWholeClass(type: string): boolean {
  return eventClasses.some((eventClass) => type === `${eventClass}.*`);
}

function tooNarrow(field: string): FieldViolation {
  return { field, description: 'cannot be asked of a NATS sink: only call.*, reaction.* and billing.* can' };
}
