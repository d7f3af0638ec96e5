import { describe, expect, test } from '@jest/globals';
import { NewestWinsQueue } from './newest-wins-queue.ts';

/** Work that is done when the test says so. */
function gatedWork() {
  const gates = new Map<number, PromiseWithResolvers<string>>();
  const started: number[] = [];
  const gateOf = (item: number): PromiseWithResolvers<string> => {
    const gate = gates.get(item) ?? Promise.withResolvers<string>();
    gates.set(item, gate);
    return gate;
  };
  const work = (item: number): Promise<string> => {
    started.push(item);
    return gateOf(item).promise;
  };
  return { work, started, finish: (item: number) => gateOf(item).resolve(`done ${item}`), fail: (item: number) => gateOf(item).reject(new Error(`failed ${item}`)) };
}

const bounds = { maxWaiting: 2, maxWaitingBytes: 100 };

describe('a queue in which the newest wins', () => {
  test('works on one after the other, in order, while they come no faster', async () => {
    const gated = gatedWork();
    const queue = new NewestWinsQueue(gated.work, bounds);
    const results = [queue.push(1, 1), queue.push(2, 1), queue.push(3, 1)];
    expect(gated.started).toEqual([1]);
    for (const item of [1, 2, 3]) gated.finish(item);
    expect(await Promise.all(results)).toEqual(['done 1', 'done 2', 'done 3']);
    expect(gated.started).toEqual([1, 2, 3]);
  });

  test('skips the oldest that wait, never the one that is worked on', async () => {
    const gated = gatedWork();
    const queue = new NewestWinsQueue(gated.work, bounds);
    const results = [1, 2, 3, 4, 5].map((item) => queue.push(item, 1));
    for (const item of [1, 4, 5]) gated.finish(item);
    expect(await Promise.all(results)).toEqual(['done 1', 'skipped', 'skipped', 'done 4', 'done 5']);
  });

  test('skips by size, too, but keeps the newest whatever its size', async () => {
    const gated = gatedWork();
    const queue = new NewestWinsQueue(gated.work, bounds);
    const results = [queue.push(1, 500), queue.push(2, 60), queue.push(3, 60), queue.push(4, 500)];
    gated.finish(1);
    gated.finish(4);
    expect(await Promise.all(results)).toEqual(['done 1', 'skipped', 'skipped', 'done 4']);
  });

  test('goes on after a failure', async () => {
    const gated = gatedWork();
    const queue = new NewestWinsQueue(gated.work, bounds);
    const [first, second] = [queue.push(1, 1), queue.push(2, 1)];
    gated.fail(1);
    gated.finish(2);
    await expect(first).rejects.toThrow('failed 1');
    expect(await second).toBe('done 2');
  });

  test('once cleared, does not begin what waits', async () => {
    const gated = gatedWork();
    const queue = new NewestWinsQueue(gated.work, bounds);
    const first = queue.push(1, 1);
    void queue.push(2, 1);
    expect(queue.clear()).toEqual([2]);
    gated.finish(1);
    await first;
    gated.finish(3);
    expect(await queue.push(3, 1)).toBe('done 3');
    expect(gated.started).toEqual([1, 3]);
  });
});
