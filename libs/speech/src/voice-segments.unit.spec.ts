import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { segments } from './voice-segments.ts';

/** `[probability, chunks]` after one another. */
const timeline = (...parts: [probability: number, chunks: number][]): number[] =>
  parts.flatMap(([probability, chunks]) => Array.from({ length: chunks }, () => probability));

describe('segments of speech', () => {
  test('starts at the threshold and ends where silence began', () => {
    expect(segments(timeline([0.1, 10], [0.9, 20], [0.1, 10]))).toEqual([{ fromMs: 320, toMs: 960, confidence: expect.closeTo(0.9) }]);
  });

  test('less than 250 ms is not speech', () => {
    expect(segments(timeline([0.9, 7], [0, 10]))).toEqual([]);
    expect(segments(timeline([0.9, 8], [0, 10]))).toHaveLength(1);
  });

  test('a pause under 100 ms does not cut', () => {
    expect(segments(timeline([0.9, 10], [0.1, 3], [0.9, 10], [0, 9]))).toMatchObject([{ fromMs: 0, toMs: 736 }]);
    expect(segments(timeline([0.9, 10], [0.1, 4], [0.9, 10], [0, 9]))).toMatchObject([{ toMs: 320 }, { fromMs: 448 }]);
  });

  test('between the two thresholds speech goes on but does not start', () => {
    expect(segments(timeline([0.4, 20]))).toEqual([]);
    expect(segments(timeline([0.6, 5], [0.4, 20]))).toMatchObject([{ fromMs: 0, toMs: 800 }]);
  });

  test('segments are ordered, apart, long enough and within the sound', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (probabilities) => {
        let last = -100;
        for (const { fromMs, toMs, confidence } of segments(probabilities)) {
          expect(fromMs - last).toBeGreaterThanOrEqual(100);
          expect(toMs - fromMs).toBeGreaterThanOrEqual(250);
          expect(toMs).toBeLessThanOrEqual(probabilities.length * 32);
          expect(confidence).toBeGreaterThan(0);
          last = toMs;
        }
      }),
    );
  });
});
