import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { AlwaysOffSampler, BatchSpanProcessor, TracerProvider, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { attributeNames } from './attribute-names.ts';
import { resetInstruments } from './instruments.ts';
import { configureLogger, type LogLevel } from './logger.ts';
import { RedactingSpanProcessor } from './redacting-span-processor.ts';
import { SpansFileExporter } from './spans-file-exporter.ts';

export interface TelemetryOptions {
  readonly service: string;
  readonly instance: string;
  readonly logLevel?: LogLevel | undefined;
  /** Spans are appended here as JSON lines. */
  readonly spansFile?: string | undefined;
  /** Base URL of an OTLP/HTTP collector; `/v1/traces` is added. */
  readonly otlpEndpoint?: string | undefined;
}

export interface Telemetry {
  /** Answers `/metrics` in Prometheus' text format. */
  readonly metricsHandler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Writes out what is left. Never throws, never takes longer than its bound (3 s). */
  shutdown(): Promise<void>;
}

/** How long spans gather before they are written. A killed process loses at most these. */
const spanDelayMs = 500;
const shutdownMs = 3_000;

/** Starts traces, metrics and logs of the process. Call it once, before anything that makes spans. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { service, instance } = options;
  configureLogger({ level: options.logLevel ?? 'info', service, instance });
  const resource = resourceFromAttributes({ [attributeNames.service]: service, [attributeNames.instance]: instance });

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporters = spanExporters(options);
  // Nobody would see what is recorded; contexts are passed on all the same.
  const sampling = exporters.length === 0 ? { sampler: new AlwaysOffSampler() } : {};
  const tracers = new TracerProvider({ resource, spanProcessors: spanProcessors(exporters), ...sampling });
  trace.setGlobalTracerProvider(tracers);

  const { meters, prometheus } = startMetrics(resource);
  metrics.setGlobalMeterProvider(meters);
  resetInstruments();

  return {
    metricsHandler: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    async shutdown() {
      await bounded(Promise.allSettled([tracers.shutdown(), meters.shutdown()]), shutdownMs);
      trace.disable();
      metrics.disable();
      context.disable();
    },
  };
}

function startMetrics(resource: Resource): { meters: MeterProvider; prometheus: PrometheusExporter } {
  const prometheus = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  return { meters: new MeterProvider({ resource, readers: [prometheus] }), prometheus };
}

function spanExporters({ spansFile, otlpEndpoint }: TelemetryOptions): SpanExporter[] {
  return [
    ...(spansFile === undefined ? [] : [new SpansFileExporter(spansFile)]),
    ...(otlpEndpoint === undefined ? [] : [new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` })]),
  ];
}

function spanProcessors(exporters: readonly SpanExporter[]): SpanProcessor[] {
  return [new RedactingSpanProcessor(), ...exporters.map((exporter) => new BatchSpanProcessor({ exporter, scheduledDelayMillis: spanDelayMs, maxQueueSize: 8_192 }))];
}

async function bounded(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
