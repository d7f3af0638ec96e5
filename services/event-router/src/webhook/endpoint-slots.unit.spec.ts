import { describe, expect, test } from '@jest/globals';
import { EndpointSlots } from './endpoint-slots.ts';

/** Work that ends when it is told to. */
function startWork(slots: EndpointSlots, endpoint: string, log: string[], name: string): { end(): void; readonly done: Promise<void> } {
  const ended = Promise.withResolvers<void>();
  const done = slots.with(endpoint, () => {
    log.push(name);
    return ended.promise;
  });
  return { end: ended.resolve, done };
}

describe('EndpointSlots', () => {
  test('one endpoint has as many at a time as it may have, in the order in which they came', async () => {
    const slots = new EndpointSlots(2);
    const log: string[] = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => startWork(slots, 'e', log, name));
    await Promise.resolve();
    expect(log).toEqual(['a', 'b']);
    b!.end();
    await b!.done;
    expect(log).toEqual(['a', 'b', 'c']);
    for (const work of [a, c, d]) work!.end();
    await Promise.all([a!.done, c!.done, d!.done]);
    expect(log).toEqual(['a', 'b', 'c', 'd']);
  });

  test('endpoints do not wait for each other', async () => {
    const slots = new EndpointSlots(1);
    const log: string[] = [];
    const stuck = startWork(slots, 'dead', log, 'stuck');
    const waiting = startWork(slots, 'dead', log, 'waiting');
    const other = startWork(slots, 'alive', log, 'other');
    other.end();
    await other.done;
    expect(log).toEqual(['stuck', 'other']);
    stuck.end();
    waiting.end();
    await Promise.all([stuck.done, waiting.done]);
  });

  test('work that fails gives its slot back', async () => {
    const slots = new EndpointSlots(1);
    await expect(slots.with('e', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await expect(slots.with('e', () => Promise.resolve('next'))).resolves.toBe('next');
  });
});
