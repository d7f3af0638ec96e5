import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { keysInForce, mostSigningKeys, rotate, type SigningKey } from './signing-keys.ts';

const key = (keyId: string, createTimeMs: number, expireTimeMs?: number): SigningKey => ({
  keyId,
  secret: `whsec_${keyId}`,
  publicKey: '',
  createTimeMs,
  ...(expireTimeMs === undefined ? {} : { expireTimeMs }),
});

describe('rotation', () => {
  test('given a key, when one is added, then it is first, and the old one signs until the overlap ends', () => {
    expect(rotate([key('k1', 0)], key('k2', 100), 50)).toEqual([key('k2', 100), key('k1', 0, 150)]);
  });

  test('given no overlap, then the old keys end at once', () => {
    expect(rotate([key('k2', 50), key('k1', 0, 500)], key('k3', 100), 0)).toEqual([key('k3', 100)]);
  });

  test('given one that ends soon, then it ends no later for another rotation', () => {
    expect(rotate([key('k2', 50), key('k1', 0, 120)], key('k3', 100), 50)).toEqual([key('k3', 100), key('k2', 50, 150), key('k1', 0, 120)]);
  });

  test('given as many as may sign, then another is refused until one has ended', () => {
    const keys = Array.from({ length: mostSigningKeys }, (_, index) => key(`k${index}`, 0, index === 0 ? undefined : 1_000));
    expect(() => rotate(keys, key('new', 100), 5_000)).toThrow(expect.objectContaining({ code: 'webhook.key_limit' }));
    expect(rotate(keys, key('new', 1_000), 5_000)).toHaveLength(2);
  });

  test('at any time after any rotations the newest key signs, and no key longer than its overlap', () => {
    const rotations = fc.array(fc.record({ waitMs: fc.nat(1_000), overlapMs: fc.nat(1_000) }), { maxLength: 12 });
    fc.assert(
      fc.property(rotations, fc.nat(2_000), (given, afterMs) => {
        let [keys, nowMs] = [[key('first', 0)] as readonly SigningKey[], 0];
        const ends = new Map<string, number>();
        given.forEach(({ waitMs, overlapMs }, index) => {
          nowMs += waitMs;
          try {
            const before = keysInForce(keys, nowMs);
            keys = rotate(keys, key(`k${index}`, nowMs), overlapMs);
            for (const { keyId } of before) ends.set(keyId, Math.min(ends.get(keyId) ?? Infinity, nowMs + overlapMs));
          } catch (error) {
            if (!isParleyError(error, 'webhook.key_limit')) throw error;
          }
        });
        const signing = keysInForce(keys, nowMs + afterMs);
        expect(signing[0]).toEqual(keys[0]);
        expect(signing.length).toBeLessThanOrEqual(mostSigningKeys);
        for (const { keyId } of signing) expect(ends.get(keyId) ?? Infinity).toBeGreaterThan(nowMs + afterMs);
      }),
    );
  });
});
