import { expect, test } from '@jest/globals';
import { measured } from '../test-support/measured.ts';
import { TERMS } from '../test-support/observed-call.ts';
import { NO_FACE } from './measurement.ts';
import { samplingPeriodMs } from './sampling.ts';
import { initialSession, step, type Outcome, type Session } from './session.ts';

const still = measured('face', true);
const moving = (nth: number) => ({ ...measured('face', true), shape: nth % 2 === 0 ? [0, 0] : [400, 400], digest: String(nth) }) as typeof still;

/** A frame every 500 ms. */
function after(count: number, frame: (nth: number) => typeof still, changes: Partial<typeof TERMS> = {}): Session {
  const outcomes = Array.from({ length: count }, (_, nth): Outcome => ({ channel: 'face', claimedMs: nth * 500, atMs: nth * 500, result: { type: 'measured', measurement: frame(nth) } }));
  return step({ type: 'observe', outcomes, terms: { ...TERMS, maxGapMs: 2000, ...changes }, progressMs: 500 }, initialSession).session;
}

test('frames may come less often once somebody has been there for five seconds', () => {
  expect(samplingPeriodMs(initialSession)).toBe(500);
  expect(samplingPeriodMs(after(10, () => still))).toBe(500);
  expect(samplingPeriodMs(after(12, () => still))).toBe(1000);
});

test('and as often as ever while a sign of life is wanted, or nobody is there', () => {
  const livenessMs = 10_000;
  expect(samplingPeriodMs(after(14, moving, { livenessMs }))).toBe(1000);
  expect(samplingPeriodMs(after(14, () => still, { livenessMs }))).toBe(500);
  expect(samplingPeriodMs(after(14, (nth) => (nth < 12 ? still : NO_FACE)))).toBe(500);
});

test('never so far apart that one lost frame makes a gap', () => {
  expect(samplingPeriodMs(after(12, () => still, { maxGapMs: 1500 }))).toBe(750);
  expect(samplingPeriodMs(after(2, () => still, { maxGapMs: 600 }))).toBe(300);
});
