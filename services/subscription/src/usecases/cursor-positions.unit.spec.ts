import { describe, expect, test } from '@jest/globals';
import { positionsOf } from './cursor-positions.ts';

const kept = { CALL_EVENTS: { incarnation: 'i1', firstSequence: 11, lastSequence: 20 } };
const cursor = (sequence: number, incarnation = 'i1') => ({ CALL_EVENTS: { incarnation, sequence } });
const tooOld = expect.objectContaining({ code: 'cursor.too_old' });

describe('a cursor', () => {
  test('stands where it says, as long as that is kept', () => {
    expect(positionsOf(cursor(10), kept)).toEqual({ CALL_EVENTS: 10 });
    expect(positionsOf(cursor(20), kept)).toEqual({ CALL_EVENTS: 20 });
    expect(() => positionsOf(cursor(9), kept)).toThrow(tooOld);
    expect(() => positionsOf(cursor(21), kept)).toThrow(tooOld);
    expect(() => positionsOf(cursor(15, 'i2'), kept)).toThrow(tooOld);
  });

  test('that does not know a stream begins there as early as it may', () => {
    expect(positionsOf({}, kept)).toEqual({ CALL_EVENTS: 10 });
  });
});
