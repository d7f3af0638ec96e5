import { parleyError, type FieldViolation } from '@parley/errors';
import { invalidFilter, type EventFilter } from '@parley/filters';
import { classesOf, eventClasses, type EventClass } from './event-class.ts';
import type { SignatureScheme, SigningKey } from './signing-keys.ts';

export interface WebhookSink {
  readonly kind: 'webhook';
  readonly url: string;
  readonly scheme: SignatureScheme;
  /** The newest first; each signs until it expires. */
  readonly keys: readonly SigningKey[];
}

/** Where a subscription's events go. */
export type Sink = WebhookSink | { readonly kind: 'nats' };

/** @throws ParleyError `subscription.invalid_sink` for what only a webhook has. */
export function webhookOf(sink: Sink): WebhookSink {
  if (sink.kind !== 'webhook') throw parleyError('subscription.invalid_sink', 'the sink is no webhook');
  return sink;
}

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
  return classesOf(filter);
}

function isWholeClass(type: string): boolean {
  return eventClasses.some((eventClass) => type === `${eventClass}.*`);
}

function tooNarrow(field: string): FieldViolation {
  return { field, description: 'cannot be asked of a NATS sink: only call.*, reaction.* and billing.* can' };
}
