import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LaneQueue, type LaneItem } from './lane-queue.ts';

const item = (stream: string, streamSequence: number, timeMs = streamSequence): LaneItem => ({ id: `${stream}-${streamSequence}`, stream, streamSequence, timeMs });

function takeAll(queue: LaneQueue<LaneItem>): LaneItem[] {
  const taken: LaneItem[] = [];
  for (let head = queue.head(); head !== undefined; head = queue.head()) {
    taken.push(head);
    queue.remove(head);
  }
  return taken;
}

const items = fc.uniqueArray(
  fc.record({ stream: fc.constantFrom('A', 'B', 'C'), streamSequence: fc.integer({ min: 1, max: 50 }), timeMs: fc.nat(20) }),
  { selector: ({ stream, streamSequence }) => `${stream}-${streamSequence}` },
);

describe('LaneQueue', () => {
  test('whatever the order and the clocks, each stream comes out in stream order and nothing is lost', () => {
    fc.assert(
      fc.property(items, (given) => {
        const queue = new LaneQueue<LaneItem>();
        for (const { stream, streamSequence, timeMs } of given) queue.add(item(stream, streamSequence, timeMs));
        const taken = takeAll(queue);
        expect(taken).toHaveLength(given.length);
        for (const stream of ['A', 'B', 'C']) {
          const sequences = taken.filter((one) => one.stream === stream).map((one) => one.streamSequence);
          expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
        }
        expect(queue.size).toBe(0);
      }),
    );
  });

  test('between streams the earlier event goes first', () => {
    const queue = new LaneQueue<LaneItem>();
    for (const one of [item('B', 1, 20), item('A', 7, 10), item('A', 8, 30)]) queue.add(one);
    expect(takeAll(queue).map((one) => one.id)).toEqual(['A-7', 'B-1', 'A-8']);
  });

  test('the same delivery is queued once', () => {
    const queue = new LaneQueue<LaneItem>();
    expect([queue.add(item('A', 1)), queue.add(item('A', 1))]).toEqual([true, false]);
    expect(queue.size).toBe(1);
  });
});
