/** A span as services write it, one JSON line each (libs/telemetry). */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
  readonly startUnixNano: string;
  readonly durationMs: number;
  readonly error?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const callAttribute = 'parley.call.id';
const shownAttributes = ['parley.event.type', 'messaging.destination.name', 'http.response.status_code', 'parley.verb'];

/** The spans of all traces that touched a call. */
export function spansOfCall(spans: readonly SpanRecord[], callId: string): SpanRecord[] {
  const traces = new Set(spans.filter((span) => span.attributes[callAttribute] === callId).map((span) => span.traceId));
  return spans.filter((span) => traces.has(span.traceId));
}

/** The spans as trees, each line with its start since the first span, its length, service, name and what it was about. */
export function traceTree(spans: readonly SpanRecord[]): string {
  const sorted = spans.toSorted((one, other) => (BigInt(one.startUnixNano) < BigInt(other.startUnixNano) ? -1 : 1));
  const present = new Set(sorted.map((span) => span.spanId));
  const children = Map.groupBy(sorted, ({ parentSpanId }) => (parentSpanId !== undefined && present.has(parentSpanId) ? parentSpanId : ''));
  const originNano = BigInt(sorted[0]?.startUnixNano ?? 0);

  const lines = (parentId: string, depth: number): string[] =>
    fold(children.get(parentId) ?? [], (span) => children.has(span.spanId)).flatMap(({ span, times }) => [
      line(span, times, depth, originNano),
      ...lines(span.spanId, depth + 1),
    ]);
  return lines('', 0).join('\n');
}

/** Runs of like leaves become one line: a call has hundreds of progress events. */
function fold(siblings: readonly SpanRecord[], hasChildren: (span: SpanRecord) => boolean): { span: SpanRecord; times: number }[] {
  const folded: { span: SpanRecord; times: number }[] = [];
  for (const span of siblings) {
    const last = folded.at(-1);
    const alike = last !== undefined && label(last.span) === label(span) && !hasChildren(span) && !hasChildren(last.span);
    if (alike) folded[folded.length - 1] = { span: last.span, times: last.times + 1 };
    else folded.push({ span, times: 1 });
  }
  return folded;
}

function line(span: SpanRecord, times: number, depth: number, originNano: bigint): string {
  const startMs = Number((BigInt(span.startUnixNano) - originNano) / 1_000n) / 1_000;
  const place = `${startMs.toFixed(1).padStart(9)} ms ${span.durationMs.toFixed(1).padStart(8)} ms`;
  const failure = span.error === undefined ? '' : `  FAILED: ${span.error}`;
  return `${place}  ${'  '.repeat(depth)}${label(span)}${times > 1 ? `  ×${times}` : ''}${failure}`;
}

function label({ service, name, attributes }: SpanRecord): string {
  const about = shownAttributes.map((key) => attributes[key]).filter((value) => typeof value === 'string' || typeof value === 'number');
  return [`${service}: ${name}`, ...about].join(' ');
}
