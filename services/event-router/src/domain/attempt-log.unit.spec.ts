import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptRecord } from './attempt.ts';
import { appendToLog, chunkCount, chunkSize, compareAttempts, emptyLog, keptAttempts, slotOf } from './attempt-log.ts';

const attempt = (number: number): AttemptRecord => ({
  subscriptionId: 's',
  eventId: 'e',
  callId: 'CA1',
  number,
  outcome: 'retry',
  status: 500,
  code: 'webhook.failed',
  timeMs: number,
  latencyMs: 1,
  excerpt: '',
});

test('whatever the batches, the last attempts are kept, each once, and no more than the ring holds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }), (batches) => {
      const ring = new Map<number, AttemptRecord[]>();
      let end = emptyLog;
      let count = 0;
      for (const size of batches) {
        const batch = Array.from({ length: size }, () => attempt((count += 1)));
        const appended = appendToLog(end, batch);
        end = appended.end;
        for (const { serial, isNew, attempts } of appended.writes) ring.set(slotOf(serial), [...(isNew ? [] : ring.get(slotOf(serial))!), ...attempts]);
      }
      const kept = [...ring.values()].flat().sort(compareAttempts);
      const numbers = kept.map((one) => one.number);
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => count - index));
      expect(numbers.length).toBeGreaterThanOrEqual(Math.min(count, keptAttempts));
      for (const chunk of ring.values()) expect(chunk.length).toBeLessThanOrEqual(chunkSize);
      expect(ring.size).toBeLessThanOrEqual(chunkCount);
    }),
  );
});
