import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { isRedactedField, redactText } from './redaction.ts';

/** Takes personal data out of a span before any exporter sees it; stands first among the processors. */
export class RedactingSpanProcessor implements SpanProcessor {
  onStart(): void {}

  onEnding(span: Span): void {
    const name = redactText(span.name);
    if (name !== span.name) {
      span.updateName(name);
    }
    for (const [key, value] of Object.entries(span.attributes)) {
      const clean = cleanValue(key, value);
      if (clean !== value) {
        span.setAttribute(key, clean);
      }
    }
  }

  onEnd(span: ReadableSpan): void {
    for (const event of span.events) {
      event.attributes = Object.fromEntries(Object.entries(event.attributes ?? {}).map(([key, value]) => [key, cleanValue(key, value)]));
    }
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

function cleanValue(key: string, value: Attributes[string]): Exclude<Attributes[string], undefined> {
  if (isRedactedField(key)) {
    return '[redacted]';
  }
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => (typeof item === 'string' ? redactText(item) : String(item)));
  }
  return value ?? '';
}
