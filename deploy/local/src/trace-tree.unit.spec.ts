import { describe, expect, test } from '@jest/globals';
import { spansOfCall, traceTree, type SpanRecord } from './trace-tree.ts';

function span(spanId: string, startMs: number, more: Partial<SpanRecord> = {}): SpanRecord {
  return { traceId: 't1', spanId, name: spanId, service: 's', startUnixNano: String(startMs * 1_000_000), durationMs: 1, attributes: {}, ...more };
}

describe('trace of a call', () => {
  test('is every span of each trace that touched it', () => {
    const spans = [span('a', 0, { attributes: { 'parley.call.id': 'CA1' } }), span('b', 1), span('c', 2, { traceId: 't2' })];
    expect(spansOfCall(spans, 'CA1').map(({ spanId }) => spanId)).toEqual(['a', 'b']);
  });

  test('is printed as a tree, by start; a span whose parent was lost is a root; like leaves fold', () => {
    const spans = [
      span('child2', 30, { parentSpanId: 'root', name: 'publish' }),
      span('root', 10),
      span('child1', 20, { parentSpanId: 'root', name: 'publish' }),
      span('orphan', 40, { parentSpanId: 'gone', error: 'no' }),
    ];
    expect(traceTree(spans).split('\n')).toEqual([
      '      0.0 ms      1.0 ms  s: root',
      '     10.0 ms      1.0 ms    s: publish  ×2',
      '     30.0 ms      1.0 ms  s: orphan  FAILED: no',
    ]);
  });
});
