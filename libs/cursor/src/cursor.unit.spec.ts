import { describe, expect, test } from '@jest/globals';
import { assertKept } from './cursor.ts';

const state = { incarnation: 'c1', firstSequence: 10, lastSequence: 20 };
const at = (sequence: number, incarnation = 'c1') => ({ incarnation, sequence });

describe('assertKept', () => {
  test.each([9, 10, 20])('lets a position at %i go on: all after it is kept', (sequence) => {
    expect(() => assertKept(at(sequence), state)).not.toThrow();
  });

  test.each([
    ['whose next event is gone', at(8)],
    ['of an earlier incarnation of the stream', at(15, 'c0')],
    ['ahead of the stream', at(21)],
  ])('refuses a position %s', (_, position) => {
    expect(() => assertKept(position, state)).toThrow(expect.objectContaining({ code: 'cursor.too_old' }));
  });

  test('an empty stream keeps its end', () => {
    expect(() => assertKept(at(0), { incarnation: 'c1', firstSequence: 1, lastSequence: 0 })).not.toThrow();
  });
});
