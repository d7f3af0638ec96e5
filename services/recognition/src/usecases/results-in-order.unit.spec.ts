import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ResultsInOrder } from './results-in-order.ts';

describe('results in order', () => {
  test('come in the order of their pushes, each once, however their work ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat({ max: 30 }), fc.integer({ min: 1, max: 5 }), async (scheduler, count, maxBatch) => {
        const results = new ResultsInOrder<number>({ maxOpen: 8, maxBatch });
        const pushAll = async (): Promise<void> => {
          for (let item = 0; item < count; item += 1) await results.push(scheduler.schedule(Promise.resolve(item)));
          results.end();
        };
        const read: number[] = [];
        const readAll = async (): Promise<void> => {
          for await (const batch of results.batches()) {
            expect(batch.length).toBeLessThanOrEqual(maxBatch);
            read.push(...batch);
          }
        };
        const both = Promise.all([pushAll(), readAll()]);
        await scheduler.waitFor(both);
        expect(read).toEqual(Array.from({ length: count }, (_, item) => item));
      }),
    );
  });

  test('who pushes waits while too many are open, and is let go at the end', async () => {
    const results = new ResultsInOrder<number>({ maxOpen: 2, maxBatch: 10 });
    await results.push(Promise.resolve(1));
    let pushed = false;
    const second = results.push(new Promise(() => undefined)).then(() => (pushed = true));
    await nextTurn();
    expect(pushed).toBe(false);
    results.end();
    await second;
    expect(results.hasEnded).toBe(true);
  });

  test('abandoned, gives nothing that was not read yet, and lets who pushes go', async () => {
    const results = new ResultsInOrder<number>({ maxOpen: 3, maxBatch: 1 });
    const { promise: late, resolve } = Promise.withResolvers<number>();
    await results.push(Promise.resolve(1));
    await results.push(Promise.resolve(2));
    const batches = results.batches();
    expect((await batches.next()).value).toEqual([1]);
    await results.push(late);
    const waiting = results.push(late);
    results.abandon();
    resolve(3);
    await waiting;
    await results.push(Promise.resolve(4));
    expect(await batches.next()).toEqual({ done: true, value: undefined });
    expect(results).toMatchObject({ hasEnded: true, isAbandoned: true });
  });
});
