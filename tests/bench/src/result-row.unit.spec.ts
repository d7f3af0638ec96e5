import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { median, percentile, resultRow } from './result-row.ts';

describe('resultRow', () => {
  const measured = { name: 'n', unit: 'events/s', values: [10, 30, 20] };

  test('holds the median against the median of the baseline', () => {
    expect(resultRow({ ...measured, baselines: [5, 50, 10], goal: { atLeast: 2 } })).toEqual({
      name: 'n', value: 20, unit: 'events/s', baseline: 10, ratio: 2, goal: 'ratio at least 2', holds: true,
    });
    expect(resultRow({ ...measured, baselines: [9], goal: { atMost: 2 } })).toMatchObject({ goal: 'ratio at most 2', holds: false });
  });

  test('without a baseline holds the value against the goal; without a goal nothing holds or fails', () => {
    expect(resultRow({ ...measured, goal: { atLeast: 21 } })).toMatchObject({ baseline: null, ratio: null, goal: 'value at least 21', holds: false });
    expect(resultRow(measured)).toMatchObject({ goal: '', holds: null });
  });
});

describe('median and percentile', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 });

  test('half lie on each side of the median', () => {
    fc.assert(
      fc.property(values, (given) => {
        const middle = median(given);
        expect(given.filter((value) => value < middle).length).toBeLessThanOrEqual(given.length / 2);
        expect(given.filter((value) => value > middle).length).toBeLessThanOrEqual(given.length / 2);
      }),
    );
  });

  test('a share of the values does not exceed the percentile, and a smaller one does not suffice', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.99, 1), (given, share) => {
        const found = percentile(given, share);
        expect(given).toContain(found);
        expect(given.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * given.length);
        expect(given.filter((value) => value < found).length).toBeLessThan(share * given.length);
      }),
    );
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    expect(() => median([])).toThrow(RangeError);
  });
});
