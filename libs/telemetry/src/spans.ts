import { SpanKind, SpanStatusCode, context, trace, type Attributes, type Span } from '@opentelemetry/api';
import { attributeNames } from './attribute-names.ts';
import { redactText } from './redaction.ts';
import { contextOf } from './trace-context.ts';

export type { Attributes, Span };

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export interface SpanPlace {
  readonly kind?: keyof typeof kinds;
  /**
   * `traceparent` of a message or request that started this work: the span becomes its child. Given but undefined: a
   * new trace. Not given: a child of the active span.
   */
  readonly parent?: string | undefined;
}

/**
 * Runs `fn` inside a span that ends with it. What `fn` throws is recorded on the span and thrown on.
 * Attributes are redacted like log fields.
 */
export async function withSpan<T>(name: string, attributes: Attributes, fn: (span: Span) => Promise<T> | T, place: SpanPlace = {}): Promise<T> {
  const parent = 'parent' in place ? contextOf(place.parent) : context.active();
  const span = trace.getTracer('parley').startSpan(name, { kind: kinds[place.kind ?? 'internal'], attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => fn(span));
  } catch (error) {
    recordFailure(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed, with the error's code where it has one. */
export function recordFailure(span: Span, error: unknown): void {
  const code = errorCode(error);
  if (code !== undefined) {
    span.setAttribute(attributeNames.errorCode, code);
  }
  const message = error instanceof Error ? redactText(error.message) : 'failed';
  span.setStatus({ code: SpanStatusCode.ERROR, message: code === undefined ? message : `${code}: ${message}` });
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) {
    return undefined;
  }
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Sets attributes on the active span, if there is one. */
export function annotate(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}
