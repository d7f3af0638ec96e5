import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EntryLists, type Entry } from './entry-lists.ts';

const term = fc.nat(3);
const steps = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.record({ add: term, entry: fc.tuple(fc.nat(), fc.nat(), fc.nat()) }) }, { weight: 2, arbitrary: fc.record({ remove: term, nth: fc.nat() }) }),
  { size: 'large', maxLength: 100 },
);

function read(lists: EntryLists, of: number): Entry[] {
  return Array.from({ length: lists.sizeOf(of) }, (_, position) => lists.at(of, position));
}

describe('EntryLists', () => {
  test('hold what was added and not removed, whatever the others grow and shrink to', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const lists = new EntryLists();
        const meant: Entry[][] = [[], [], [], []];
        for (const step of given) {
          if ('add' in step) expect(lists.add(step.add, step.entry)).toBe(meant[step.add]!.push(step.entry) - 1);
          else {
            const list = meant[step.remove]!;
            if (list.length === 0) continue;
            const position = step.nth % list.length;
            lists.remove(step.remove, position);
            const last = list.pop()!;
            if (position < list.length) list[position] = last;
          }
          expect(meant.map((_, of) => read(lists, of))).toEqual(meant);
        }
      }),
    );
  });

  test('take no more room however often they come and go', () => {
    const lists = new EntryLists();
    const fillAndEmpty = () => {
      for (let nth = 0; nth < 1_000; nth += 1) lists.add(nth % 7, [nth, nth, nth]);
      for (let nth = 0; nth < 1_000; nth += 1) lists.remove(nth % 7, 0);
    };
    fillAndEmpty();
    const { length } = lists.numbers;
    for (let round = 0; round < 20; round += 1) fillAndEmpty();
    expect(lists.numbers).toHaveLength(length);
  });
});
