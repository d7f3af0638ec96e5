import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertKept, positionsFromNow, resume, type StreamStates } from './cursor.ts';

const states: StreamStates = {
  CALL_EVENTS: { incarnation: 'c1', firstSequence: 10, lastSequence: 20 },
  BILLING_EVENTS: { incarnation: 'b1', firstSequence: 1, lastSequence: 0 },
};
const at = (sequence: number, incarnation = 'c1') => ({ accountId: 'acme', positions: { CALL_EVENTS: { incarnation, sequence } } });
const tooOld = expect.objectContaining({ code: 'cursor.too_old' });

describe('resume', () => {
  test.each([9, 10, 20])('goes on behind %i, all after which is kept', (sequence) => {
    expect(resume(at(sequence), 'acme', states)).toEqual({
      CALL_EVENTS: { incarnation: 'c1', sequence },
      BILLING_EVENTS: { incarnation: 'b1', sequence: 0 },
    });
  });

  test.each([
    ['whose next event is gone', at(8)],
    ['of an earlier incarnation of the stream', at(15, 'c0')],
    ['ahead of the stream', at(21)],
    ['without a stream whose first events are gone', { accountId: 'acme', positions: {} }],
  ])('refuses a cursor %s', (_, cursor) => {
    expect(() => resume(cursor, 'acme', states)).toThrow(tooOld);
  });

  test("refuses another account's cursor, whatever it says", () => {
    expect(() => resume(at(8), 'other', states)).toThrow(expect.objectContaining({ code: 'cursor.other_account' }));
  });
});

test('from now on is always kept', () => {
  const state = fc
    .record({ incarnation: fc.string(), firstSequence: fc.integer({ min: 1 }), kept: fc.nat() })
    .map(({ kept, ...state }) => ({ ...state, lastSequence: state.firstSequence - 1 + kept }));
  fc.assert(
    fc.property(state, (state) => {
      const { S } = positionsFromNow({ S: state });
      expect(() => assertKept(S!, state)).not.toThrow();
      expect(S!.sequence).toBe(state.lastSequence);
    }),
  );
});
