/** Values by the name of the attribute (docs/events.md); none is empty. */
export type AttributeValues = Readonly<Record<string, string>>;

/** A filter of the CloudEvents Subscriptions API 0.1, as its JSON has it: exactly one of the dialects. */
export type FilterExpression =
  | { readonly exact: AttributeValues }
  | { readonly prefix: AttributeValues }
  | { readonly suffix: AttributeValues }
  | { readonly all: readonly FilterExpression[] }
  | { readonly any: readonly FilterExpression[] }
  | { readonly not: FilterExpression };

/** Which events: every given condition must hold; within one list any value may. An empty list asks for nothing. */
export interface EventFilter {
  /** Exact types (`call.completed`) or the types of a prefix (`call.*`, `app.*`). */
  readonly types: readonly string[];
  readonly callIds: readonly string[];
  /** Addresses of the call's root leg. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** `inbound` or `outbound-api`, of the call's root leg. */
  readonly directions: readonly string[];
  /** All must hold. */
  readonly filters: readonly FilterExpression[];
}

/** What of an event a filter looks at. */
export interface FilteredAttributes {
  readonly type: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly direction: string;
}

/** The filter that lets everything through. */
export const everyEvent: EventFilter = { types: [], callIds: [], from: [], to: [], directions: [], filters: [] };

/** Turns a filter into a test that costs one look-up a condition, however long its lists are. */
export function compileFilter(filter: EventFilter): (event: FilteredAttributes) => boolean {
  const callIds = oneOf(filter.callIds);
  const from = oneOf(filter.from);
  const to = oneOf(filter.to);
  const directions = oneOf(filter.directions);
  const types = oneOf(filter.types);
  return (event) =>
    callIds(event.callId) &&
    from(event.from) &&
    to(event.to) &&
    directions(event.direction) &&
    (types(event.type) || types(`${typePrefix(event.type)}.*`));
}

function oneOf(values: readonly string[]): (value: string) => boolean {
  if (values.length === 0) return () => true;
  const allowed = new Set(values);
  return (value) => allowed.has(value);
}

/** `app` of `app.order.placed`. */
export function typePrefix(type: string): string {
  return type.split('.', 1)[0]!;
}

/** The prefixes that a filter's types have in common with the catalogue's; undefined when it asks for every type. */
export function typePrefixes(filter: EventFilter): ReadonlySet<string> | undefined {
  return filter.types.length === 0 ? undefined : new Set(filter.types.map(typePrefix));
}
