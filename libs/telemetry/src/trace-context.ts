import { ROOT_CONTEXT, context, isSpanContextValid, trace, type Context } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';

/** Name of the W3C Trace Context header on gRPC, HTTP and NATS (https://www.w3.org/TR/trace-context/). */
export const traceparentHeader = 'traceparent';

/** The active span as a `traceparent` value, to put on a message; undefined where nothing is traced. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) {
    return undefined;
  }
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** The context that a received `traceparent` names; a new trace where it is missing or malformed. */
export function contextOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

/** Runs `fn` as part of the trace that a received `traceparent` names, without a span of its own. */
export function continueTrace<T>(traceparent: string | undefined, fn: () => T): T {
  return context.with(contextOf(traceparent), fn);
}

/** Runs `fn` outside of any trace, for work that outlives the request that started it. */
export function withoutTrace<T>(fn: () => T): T {
  return context.with(ROOT_CONTEXT, fn);
}
