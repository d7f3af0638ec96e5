import { describe, expect, test } from '@jest/globals';
import { EndpointSlots } from './endpoint-slots.ts';

/** Work that ends when it is told to. */
function startWork(slots: EndpointSlots, endpoint: string, log: string[], name: string): { end(): void; giveUp(): void; readonly done: Promise<void> } {
  const ended = Promise.withResolvers<void>();
  const giving = new AbortController();
  const work = (): Promise<void> => {
    log.push(name);
    return ended.promise;
  };
  return { end: ended.resolve, giveUp: () => giving.abort(new Error('given up')), done: slots.with(endpoint, work, giving.signal) };
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
    const { signal } = new AbortController();
    await expect(slots.with('e', () => Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
    await expect(slots.with('e', () => Promise.resolve('next'), signal)).resolves.toBe('next');
  });

  test('who gives up leaves the queue at once, and the next in it gets the slot', async () => {
    const slots = new EndpointSlots(1);
    const log: string[] = [];
    const [stuck, early, late] = ['stuck', 'early', 'late'].map((name) => startWork(slots, 'e', log, name));
    early!.giveUp();
    await expect(early!.done).rejects.toThrow('given up');
    expect(log).toEqual(['stuck']);
    stuck!.end();
    late!.end();
    await Promise.all([stuck!.done, late!.done]);
    expect(log).toEqual(['stuck', 'late']);
  });

  test('who had given up before takes no slot; who gives up at work keeps it until the end', async () => {
    const slots = new EndpointSlots(1);
    const log: string[] = [];
    await expect(slots.with('e', () => Promise.resolve(), AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up');
    const [first, second] = ['first', 'second'].map((name) => startWork(slots, 'e', log, name));
    first!.giveUp();
    second!.end();
    await Promise.resolve();
    expect(log).toEqual(['first']);
    first!.end();
    await Promise.all([first!.done, second!.done]);
    expect(log).toEqual(['first', 'second']);
  });
});
