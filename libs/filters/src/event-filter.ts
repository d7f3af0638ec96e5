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
export interface FilteredEvent {
  /** The value of an attribute of docs/events.md, as text; undefined when the event has none. */
  attribute(name: string): string | undefined;
}

/** The filter that lets everything through. */
export const everyEvent: EventFilter = { types: [], callIds: [], from: [], to: [], directions: [], filters: [] };
