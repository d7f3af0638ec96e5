import { describe, expect, test } from '@jest/globals';
import { facePresence, initialFaceStanding, type Look } from './face-standing.ts';
import type { Presence } from './finding.ts';

const LIVENESS_MS = 10_000;
const shown = (atMs: number, seen: Partial<Look> = {}): Look => ({ atMs, isShown: true, sign: false, replayed: false, ...seen });
/** A look each second. */
const looks = (count: number, change: (second: number) => Partial<Look> = () => ({})): Look[] => Array.from({ length: count }, (_, second) => shown(second * 1000, change(second)));

function presences(all: readonly Look[], livenessMs = LIVENESS_MS): Presence[] {
  let standing = initialFaceStanding;
  return all.map((look) => {
    const next = facePresence(standing, look, livenessMs);
    standing = next.standing;
    return next.presence;
  });
}
const counted = (all: readonly Presence[]): Record<string, number> => Object.fromEntries(['there', 'pending', 'refused', 'nobody'].map((one) => [one, all.filter((presence) => presence === one).length]));

describe('a face that is shown', () => {
  test('without a sign of life waits for one, and then counts no more', () => {
    expect(presences(looks(15))).toEqual([...Array<string>(10).fill('pending'), ...Array<string>(5).fill('refused')]);
  });

  test('counts from its first sign, for as long as each of them holds', () => {
    expect(counted(presences(looks(30, (second) => ({ sign: second === 3 || second === 12 }))))).toEqual({ pending: 3, there: 19, refused: 8, nobody: 0 });
  });

  test('counts again with a sign that comes late', () => {
    expect(presences(looks(22, (second) => ({ sign: second === 20 }))).slice(9)).toEqual(['pending', ...Array<string>(10).fill('refused'), 'there', 'there']);
  });

  test('that shows what was shown before does not count, and is not believed for a while', () => {
    const all = looks(17, (second) => ({ sign: second !== 14, replayed: second === 4 || second === 5 }));
    expect(presences(all)).toEqual([...Array<string>(4).fill('there'), ...Array<string>(11).fill('refused'), 'there', 'there']);
  });

  test('that was away for a moment has its sign still, and afterwards has to give one', () => {
    const away = (from: number, to: number) => looks(to + 1, (second) => ({ isShown: second < from || second >= to, sign: second === 0 })).slice(from);
    expect(presences([shown(0, { sign: true }), ...away(2, 4)])).toEqual(['there', 'nobody', 'nobody', 'there']);
    expect(presences([shown(0, { sign: true }), ...away(2, 14)]).at(-1)).toBe('pending');
  });

  test('counts at once by terms that ask for no sign', () => {
    expect(presences(looks(15, () => ({ replayed: true })), 0)).toEqual(Array<string>(15).fill('there'));
  });
});
