import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SpanKind, SpanStatusCode, type HrTime } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { attributeNames } from './attribute-names.ts';

/** One line of the spans file. */
export interface SpanLine {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** internal, server, client, producer, consumer */
  readonly kind: string;
  readonly service: string;
  readonly instance: string;
  /** Unix time in nanoseconds, as text. */
  readonly startUnixNano: string;
  readonly durationMs: number;
  readonly error?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Appends spans to a file as JSON lines, one write a batch, in the order in which batches come. */
export class SpansFileExporter implements SpanExporter {
  readonly #file: string;
  #tail: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    const lines = spans.map((span) => `${JSON.stringify(spanLine(span))}\n`).join('');
    this.#tail = this.#tail.then(() => this.#append(lines)).then(
      () => resultCallback({ code: ExportResultCode.SUCCESS }),
      (error: Error) => resultCallback({ code: ExportResultCode.FAILED, error }),
    );
  }

  async #append(lines: string): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true });
    await appendFile(this.#file, lines);
  }

  forceFlush(): Promise<void> {
    return this.#tail;
  }

  shutdown(): Promise<void> {
    return this.#tail;
  }
}

function spanLine(span: ReadableSpan): SpanLine {
  const { traceId, spanId } = span.spanContext();
  const parent = span.parentSpanContext?.spanId;
  return {
    traceId,
    spanId,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: span.name,
    kind: SpanKind[span.kind].toLowerCase(),
    service: textOf(span.resource.attributes[attributeNames.service]),
    instance: textOf(span.resource.attributes[attributeNames.instance]),
    startUnixNano: nanoseconds(span.startTime).toString(),
    durationMs: Number(nanoseconds(span.duration)) / 1e6,
    ...(span.status.code === SpanStatusCode.ERROR ? { error: span.status.message ?? 'failed' } : {}),
    attributes: span.attributes,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function nanoseconds([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}
