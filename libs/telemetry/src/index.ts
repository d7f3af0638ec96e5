export { attributeNames, type AttributeName } from './attribute-names.ts';
export { metricTable, type CounterName, type GaugeName, type HistogramName, type MetricName } from './metric-table.ts';
export { count, gauge, record, timed, type Labels } from './instruments.ts';
export { configureLogger, logger, type LogLevel, type Logger } from './logger.ts';
export { redact, redactText, redactedFields } from './redaction.ts';
export { annotate, recordFailure, withSpan, type Attributes, type Span, type SpanPlace } from './spans.ts';
export { contextOf, continueTrace, currentTraceparent, traceparentHeader, withoutTrace } from './trace-context.ts';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './start-telemetry.ts';
export type { SpanLine } from './spans-file-exporter.ts';
