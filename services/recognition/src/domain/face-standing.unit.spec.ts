import { describe, expect, test } from '@jest/globals';
import { faceVerdict, initialFaceStanding, type FaceVerdict, type Look } from './face-standing.ts';

const LIVENESS_MS = 10_000;
const shown = (atMs: number, seen: Partial<Look> = {}): Look => ({ atMs, isShown: true, sign: false, replayed: false, ...seen });
/** A look each second. */
const looks = (count: number, change: (second: number) => Partial<Look> = () => ({})): Look[] => Array.from({ length: count }, (_, second) => shown(second * 1000, change(second)));

function verdicts(all: readonly Look[], livenessMs = LIVENESS_MS): FaceVerdict[] {
  let standing = initialFaceStanding;
  return all.map((look) => {
    const next = faceVerdict(standing, look, livenessMs);
    standing = next.standing;
    return next.verdict;
  });
}
const counted = (all: readonly FaceVerdict[]): Record<string, number> => Object.fromEntries(['alive', 'pending', 'none'].map((one) => [one, all.filter((verdict) => verdict === one).length]));

describe('a face that is shown', () => {
  test('without a sign of life waits for one, and then counts no more', () => {
    expect(verdicts(looks(15))).toEqual([...Array<string>(10).fill('pending'), ...Array<string>(5).fill('none')]);
  });

  test('counts from its first sign, for as long as each of them holds', () => {
    expect(counted(verdicts(looks(30, (second) => ({ sign: second === 3 || second === 12 }))))).toEqual({ pending: 3, alive: 19, none: 8 });
  });

  test('counts again with a sign that comes late', () => {
    expect(verdicts(looks(22, (second) => ({ sign: second === 20 }))).slice(9)).toEqual(['pending', ...Array<string>(10).fill('none'), 'alive', 'alive']);
  });

  test('that shows what was shown before does not count, and is not believed for a while', () => {
    const all = looks(17, (second) => ({ sign: second !== 14, replayed: second === 4 || second === 5 }));
    expect(verdicts(all)).toEqual([...Array<string>(4).fill('alive'), ...Array<string>(11).fill('none'), 'alive', 'alive']);
  });

  test('that was away for a moment has its sign still, and afterwards has to give one', () => {
    const away = (from: number, to: number) => looks(to + 1, (second) => ({ isShown: second < from || second >= to, sign: second === 0 })).slice(from);
    expect(verdicts([shown(0, { sign: true }), ...away(2, 4)])).toEqual(['alive', 'none', 'none', 'alive']);
    expect(verdicts([shown(0, { sign: true }), ...away(2, 14)]).at(-1)).toBe('pending');
  });

  test('counts at once by terms that ask for no sign', () => {
    expect(verdicts(looks(15, () => ({ replayed: true })), 0)).toEqual(Array<string>(15).fill('alive'));
  });
});
