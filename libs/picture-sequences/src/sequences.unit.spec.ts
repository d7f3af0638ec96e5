import { describe, expect, test } from '@jest/globals';
import jpegTurbo from '@julusian/jpeg-turbo';
import { attack, attacks, type Attack } from './attacks.ts';
import { genuine } from './genuine.ts';
import { triangulate } from './mesh.ts';
import { people, person } from './people.ts';
import { hashed, smooth } from './random.ts';

const someone = person(people.forMeasuring[0]!);

function pixels(jpeg: Buffer): Uint8Array {
  const { width, height, data } = jpegTurbo.decompressSync(jpeg, { format: jpegTurbo.FORMAT_RGB });
  expect([width, height]).toEqual([640, 480]);
  return data;
}

/** The mean difference of a pixel's value. */
function difference(one: Uint8Array, other: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 97) sum += Math.abs(one[at]! - other[at]!);
  return sum / (one.length / 97);
}

describe('a camera', () => {
  test.each([...attacks, 'genuine'] as const)('shows the same for the same seed and time: %s', (kind: Attack | 'genuine') => {
    const open = () => (kind === 'genuine' ? genuine(someone, 'talking', 3) : attack(kind, someone, 3));
    const camera = open();
    camera.jpegAt(1_000);
    expect(camera.jpegAt(500)).toEqual(open().jpegAt(500));
  });

  test.each(['talking', 'listening'] as const)('before somebody who is %s never shows the same twice', (behaviour) => {
    const camera = genuine(someone, behaviour, 3);
    const shown = [0, 400, 4_000, 8_000].map((atMs) => camera.jpegAt(atMs).toString('base64'));
    expect(new Set(shown).size).toBe(4);
  });

  test('that is frozen shows one picture', () => {
    const camera = attack('frozen', someone, 3);
    expect(camera.jpegAt(0)).toEqual(camera.jpegAt(9_000));
  });

  test('before a recording shows it again after its length: as it was, or moved and coded anew', () => {
    const replayed = attack('replayed', someone, 3, 2_000);
    expect(replayed.jpegAt(500)).toEqual(replayed.jpegAt(2_500));
    expect(replayed.jpegAt(500)).not.toEqual(replayed.jpegAt(1_500));
    const looped = attack('looped', someone, 3, 2_000);
    expect(looped.jpegAt(500)).not.toEqual(looped.jpegAt(2_500));
  });

  test('before a photograph at rest shows nothing but noise; before one that is waved, all moves', () => {
    const [still, waved] = [attack('still', someone, 3), attack('waved', someone, 3)];
    expect(difference(pixels(still.jpegAt(0)), pixels(still.jpegAt(900)))).toBeLessThan(3);
    expect(difference(pixels(waved.jpegAt(0)), pixels(waved.jpegAt(900)))).toBeGreaterThan(10);
  });
});

test('people for choosing and for measuring are on different photographs', () => {
  const photographs = (numbers: readonly number[]) => numbers.map((number) => person(number).photograph);
  expect(photographs(people.forChoosing).filter((photograph) => photographs(people.forMeasuring).includes(photograph))).toEqual([]);
  expect(people.forMeasuring.length).toBeGreaterThan(5);
});

test('a triangulation covers the hull of its points once', () => {
  const points = Array.from({ length: 60 }, (_, nth) => ({ x: 100 * hashed(1, nth), y: 100 * hashed(2, nth) })).concat([{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 100, y: 100 }, { x: 0, y: 100 }]);
  const area = triangulate(points).reduce((sum, [a, b, c]) => {
    const [from, to, over] = [points[a]!, points[b]!, points[c]!];
    return sum + Math.abs((to.x - from.x) * (over.y - from.y) - (over.x - from.x) * (to.y - from.y)) / 2;
  }, 0);
  expect(area).toBeCloseTo(10_000, 3);
});

test('a smooth movement has no jumps, and fills -1 to 1', () => {
  const values = Array.from({ length: 5_000 }, (_, nth) => smooth(5, nth * 10, 500));
  expect(Math.max(...values)).toBeGreaterThan(0.8);
  expect(Math.min(...values)).toBeLessThan(-0.8);
  expect(Math.max(...values.slice(1).map((value, nth) => Math.abs(value - values[nth]!)))).toBeLessThan(0.07);
});
