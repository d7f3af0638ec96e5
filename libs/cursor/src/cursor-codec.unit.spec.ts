import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertSameFilter, createCursorCodec, incarnationOf } from './cursor-codec.ts';

const streams = ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS'];
const codec = createCursorCodec(Buffer.alloc(32, 7), streams);
const code = (code: string) => expect.objectContaining({ code });
const malformed = code('cursor.malformed');
const acme = { accountId: 'acme' };

const accountId = fc.stringMatching(/^[a-z0-9-]{1,32}$/);
const position = fc.record({ incarnation: fc.string().map(incarnationOf), sequence: fc.nat(Number.MAX_SAFE_INTEGER) });
const positions = fc.record({ CALL_EVENTS: position, REACTION_EVENTS: position, BILLING_EVENTS: position }, { noNullPrototype: true });
const filter = fc.string();

describe('cursor codec', () => {
  test('gives back what it was given', () => {
    fc.assert(
      fc.property(accountId, filter, positions, (accountId, filter, positions) => {
        const cursor = codec.decode(codec.bind({ accountId, filter })(positions), { accountId });
        expect(cursor.positions).toEqual(positions);
        expect(() => assertSameFilter(cursor, filter)).not.toThrow();
      }),
    );
  });

  test('knows the account and the filter that a cursor was made for', () => {
    const text = codec.bind({ accountId: 'acme', filter: 'one' })({});
    expect(() => codec.decode(text, { accountId: 'other' })).toThrow(code('cursor.other_account'));
    expect(() => assertSameFilter(codec.decode(text, acme), 'other')).toThrow(code('cursor.other_filter'));
  });

  test('reads a cursor from before a stream was there', () => {
    const older = createCursorCodec(Buffer.alloc(32, 7), streams.slice(0, 1));
    const at = { CALL_EVENTS: { incarnation: incarnationOf('c'), sequence: 300 } };
    expect(codec.decode(older.bind({ accountId: 'acme', filter: '' })(at), acme).positions).toEqual(at);
  });

  test('a changed character anywhere is noticed', () => {
    const changes = fc.tuple(positions, fc.nat(), fc.constantFrom(...'ABCxyz019-_.='.split('')));
    fc.assert(
      fc.property(changes, ([positions, at, character]) => {
        const text = codec.bind({ accountId: 'acme', filter: '' })(positions);
        const place = at % text.length;
        const changed = text.slice(0, place) + character + text.slice(place + 1);
        // The last character of base64url may carry spare bits, which change nothing that is signed.
        fc.pre(changed !== text && place !== text.length - 1);
        expect(() => codec.decode(changed, acme)).toThrow(malformed);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['a word', 'nonsense'],
    ['a wrong signature', 'A'.repeat(60)],
    ['a very long text', 'A'.repeat(10_000)],
  ])('refuses %s', (_, text) => {
    expect(() => codec.decode(text, acme)).toThrow(malformed);
  });

  test('refuses whatever else is sent', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(() => codec.decode(text, acme)).toThrow(malformed)));
  });

  test('refuses what another key has signed', () => {
    const text = createCursorCodec(randomBytes(32), streams).bind({ accountId: 'acme', filter: '' })({});
    expect(() => codec.decode(text, acme)).toThrow(malformed);
  });

  test('wants a key that cannot be guessed', () => {
    expect(() => createCursorCodec(Buffer.alloc(16), streams)).toThrow(code('config.invalid'));
  });
});
