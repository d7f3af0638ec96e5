import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../store/sha256.ts';
import { entryEncodingOf, type LedgerEntry } from './ledger-entry.ts';
import { emptyWallet, post } from './wallet.ts';

const entryHashOf = (entry: Omit<LedgerEntry, 'hash'>) => sha256(entryEncodingOf(entry));

const basis = { fromMs: 0n, toMs: 10_000n, policyId: 'pol-1', policyVersion: 1 };
const { wallet, entry } = post(emptyWallet('acme/client:alice', 'acme', 'EUR'), {
  key: 'k', currency: 'EUR', amountMicros: 5n, reason: 'top_up', causeId: 'r1', callId: 'CA1', atMs: 1_000n, basis,
  actor: 'ops', note: 'goodwill', bucket: 'free/0', split: { account: 'host:acme/client:bob', permille: 500, costMicros: 6n },
}, sha256);
const { hash, ...hashed } = entry;
const { account, amountMicros } = entry.share!;

describe('the hash of an entry', () => {
  test('is the same for the same fields, and the head of the wallet', () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect([entryHashOf({ ...hashed }), wallet.headHash, wallet.firstChained]).toEqual([hash, hash, 0n]);
  });

  const changes: [keyof typeof hashed, Partial<LedgerEntry>][] = [
    ['number', { number: 1n }],
    ['walletId', { walletId: 'acme/client:bob' }],
    ['debitAccount', { debitAccount: 'x' }],
    ['creditAccount', { creditAccount: 'x' }],
    ['currency', { currency: 'USD' }],
    ['amountMicros', { amountMicros: 6n }],
    ['balanceAfterMicros', { balanceAfterMicros: 6n }],
    ['reason', { reason: 'charge' }],
    ['causeId', { causeId: 'r2' }],
    ['callId', { callId: 'CA2' }],
    ['atMs', { atMs: 1_001n }],
    ['key', { key: 'k2' }],
    ['previousHash', { previousHash: hash! }],
    ['basis', { basis: { ...basis, fromMs: 1n } }],
    ['basis', { basis: { ...basis, toMs: 1n } }],
    ['basis', { basis: { ...basis, policyId: 'pol-2' } }],
    ['basis', { basis: { ...basis, policyVersion: 2 } }],
    ['actor', { actor: 'other' }],
    ['note', { note: 'mistake' }],
    ['bucket', { bucket: 'paid' }],
    ['share', { share: { account: 'host:acme/client:carol', amountMicros } }],
    ['share', { share: { account, amountMicros: 1n } }],
    ['share', { share: { account: `${account}1`, amountMicros: 3n } }],
  ];

  test.each(changes)('covers %s (%#)', (_field, change) => {
    expect(entryHashOf({ ...hashed, ...change })).not.toBe(hash);
  });

  test('covers each field that an entry has', () => {
    expect(new Set(changes.map(([field]) => field))).toEqual(new Set(Object.keys(hashed)));
  });

  test('keeps the encoding of before for what says nothing in newer fields', () => {
    const { share: _share, ...second } = hashed;
    const { actor: _actor, note: _note, bucket: _bucket, ...first } = second;
    expect([first, second, hashed].map((one) => entryEncodingOf(one).slice(0, 24))).toEqual(['21:parley-ledger-entry-1', '21:parley-ledger-entry-2', '21:parley-ledger-entry-3']);
    // Taken before there were shares.
    expect([first, second].map(entryHashOf)).toEqual(['ce23171a22c15ede3c506cf285ba4d03a96621214c5bcce437375052b232f754', 'a2fa4f6260f551fc736d73bda1239ea59abb4344e1ab207e2310b5cb8ff25e52']);
  });

  test('text that moves from one field to the next is another entry', () => {
    expect(entryHashOf({ ...hashed, causeId: 'ab', callId: 'c' })).not.toBe(entryHashOf({ ...hashed, causeId: 'a', callId: 'bc' }));
  });

  test('entries of before the chain stay outside: the first one after them has no previous hash', () => {
    const old = { ...emptyWallet('acme/client:alice', 'acme', 'EUR'), balanceMicros: 7n, nextEntry: 3n };
    const booked = post(old, { key: 'k', currency: 'EUR', amountMicros: 5n, reason: 'top_up', causeId: 'r1', callId: '', atMs: 1_000n }, sha256);
    expect([booked.entry.previousHash, booked.wallet.firstChained]).toEqual(['', 3n]);
  });
});
