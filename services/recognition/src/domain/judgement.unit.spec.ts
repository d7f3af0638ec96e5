import { describe, expect, test } from '@jest/globals';
import { measured } from '../test-support/measured.ts';
import { TERMS } from '../test-support/observed-call.ts';
import { initialJudgement, judge, type RecognitionTerms } from './judgement.ts';
import type { FaceMeasurement, Measurement, VoiceMeasurement } from './measurement.ts';

/** One measurement each half second: 1 where somebody is there, ? where a face waits for a sign of life, x where it is refused. */
function judged(measurements: readonly Measurement[], changes: Partial<RecognitionTerms> = {}): string {
  let state = initialJudgement;
  const verdicts = measurements.map((measurement, nth) => {
    const next = judge(state, nth * 500, measurement, { ...TERMS, ...changes });
    state = next.state;
    const { presence, confidence } = next.finding;
    expect(confidence > 0).toBe(presence !== 'nobody');
    return { there: '1', pending: '?', refused: 'x', nobody: '0' }[presence];
  });
  return verdicts.join('');
}
const face = (score = 0.9, changes: Partial<FaceMeasurement> = {}) => ({ ...measured('face', true, score), ...changes }) as FaceMeasurement;
const voice = (confidence = 0.9, changes: Partial<VoiceMeasurement> = {}) => ({ ...measured('voice', true, confidence), ...changes }) as VoiceMeasurement;
const [noFace, noVoice] = [measured('face', false), measured('voice', false)];

describe('a face', () => {
  test('counts from the area that the policy asks for, and if half of it is in the picture', () => {
    expect(judged([face(0.9, { areaRatio: 0.0149 }), face(0.9, { areaRatio: 0.015 })])).toBe('01');
    expect(judged([face(0.9, { inside: 0.49 }), face(0.9, { inside: 0.5 })])).toBe('01');
  });

  test('that flickers is none; one that is certain or stays is', () => {
    expect(judged([noFace, face(0.6), noFace, face(0.6), noFace])).toBe('00000');
    expect(judged([noFace, face(0.6), face(0.6), face(0.6)])).toBe('0011');
    expect(judged([noFace, face(0.8), noFace])).toBe('010');
    expect(judged([face(0.6), noFace])).toBe('10');
  });

  test('has to show that it lives, where the policy asks for it', () => {
    const still = Array.from({ length: 6 }, (_, nth) => face(0.9, { shape: [0, 0], digest: String(nth) }));
    expect(judged(still, { livenessMs: 2000 })).toBe('????xx');
    expect(judged(still, { livenessMs: 0 })).toBe('111111');
  });
});

describe('a voice', () => {
  test('that is mostly the payer\'s own coming back is none', () => {
    expect(judged([voice(0.9, { echo: 0.51 }), voice(0.9, { echo: 0.5 })])).toBe('01');
  });

  test('that flickers is none', () => {
    expect(judged([noVoice, voice(0.6), noVoice, voice(0.6), voice(0.6), voice(0.8)])).toBe('000011');
  });
});

test('channels do not confirm each other', () => {
  expect(judged([noFace, noVoice, face(0.6), voice(0.6), measured('text', true), measured('text', false)])).toBe('000010');
});
