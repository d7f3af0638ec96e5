import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCursorCodec } from './cursor-codec.ts';

const codec = createCursorCodec(Buffer.alloc(32, 7));
const malformed = expect.objectContaining({ code: 'cursor.malformed' });
const cursors = fc.record({
  accountId: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  positions: fc.dictionary(
    fc.constantFrom('CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS'),
    fc.record({ incarnation: fc.string({ maxLength: 40 }), sequence: fc.nat(Number.MAX_SAFE_INTEGER) }),
    { noNullPrototype: true },
  ),
});

describe('cursor codec', () => {
  test('gives back what it was given', () => {
    fc.assert(fc.property(cursors, (cursor) => expect(codec.decode(codec.encode(cursor))).toEqual(cursor)));
  });

  test('a changed character anywhere is noticed', () => {
    const changes = fc.tuple(cursors, fc.nat(), fc.constantFrom(...'ABCxyz019-_.='.split('')));
    fc.assert(
      fc.property(changes, ([cursor, at, character]) => {
        const text = codec.encode(cursor);
        const place = at % text.length;
        const changed = text.slice(0, place) + character + text.slice(place + 1);
        // The last character of base64url carries spare bits, which change nothing that is signed.
        fc.pre(changed !== text && place !== text.length - 1);
        expect(() => codec.decode(changed)).toThrow(malformed);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['a word', 'nonsense'],
    ['a wrong signature', `${'A'.repeat(10)}.${'A'.repeat(43)}`],
    ['a very long text', 'A'.repeat(10_000)],
  ])('refuses %s', (_, text) => {
    expect(() => codec.decode(text)).toThrow(malformed);
  });

  test('refuses whatever else is sent', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(() => codec.decode(text)).toThrow(malformed)));
  });

  test('refuses what another key has signed', () => {
    const text = createCursorCodec(randomBytes(32)).encode({ accountId: 'acme', positions: {} });
    expect(() => codec.decode(text)).toThrow(malformed);
  });

  test('wants a key that cannot be guessed', () => {
    expect(() => createCursorCodec(Buffer.alloc(16))).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });
});
