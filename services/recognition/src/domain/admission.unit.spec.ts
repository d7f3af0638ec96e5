import { describe, expect, test } from '@jest/globals';
import { admissionOf, admit, type Verdict } from './admission.ts';
import type { Channel } from './finding.ts';
import { initialSession, type Session } from './session.ts';

function verdicts(sent: readonly (readonly [Channel, number])[], session: Session = initialSession): Verdict[] {
  let admission = admissionOf(session);
  return sent.map(([channel, atMs]) => {
    const next = admit(channel, atMs, admission);
    admission = next.admission;
    return next.verdict;
  });
}

describe('admission', () => {
  test('takes each channel in the order of media time; channels may share an instant', () => {
    expect(verdicts([['face', 0], ['voice', 0], ['text', 0], ['face', 40], ['voice', 500]])).toEqual(['new', 'new', 'new', 'new', 'new']);
  });

  test('knows what came before, also what is behind by now', () => {
    expect(verdicts([['face', 0], ['voice', 0], ['face', 40], ['face', 0], ['voice', 0], ['face', 40]]).slice(3)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  });

  test('refuses what goes back, and what is no media time', () => {
    expect(verdicts([['face', 100], ['voice', 99], ['face', -1], ['face', 0.5], ['face', Number.NaN], ['face', 2 ** 53]])).toEqual([
      'new', 'goes_back', 'impossible', 'impossible', 'impossible', 'impossible',
    ]);
  });

  test('once finished takes nothing new, and still knows what came before', () => {
    const session = { ...initialSession, seenMs: { face: 100, voice: -1, text: -1 }, arrivedThroughMs: 100, finishedAtMs: 100 };
    expect(verdicts([['face', 100], ['face', 140]], session)).toEqual(['duplicate', 'finished']);
  });
});
