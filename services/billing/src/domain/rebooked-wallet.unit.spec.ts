import { expect, test } from '@jest/globals';
import { sha256 } from '../store/sha256.ts';
import { entryEncodingOf, type LedgerEntry } from './ledger-entry.ts';
import { rebook } from './rebooked-wallet.ts';
import { emptyWallet, post } from './wallet.ts';

const account = 'host:acme/client:bob';
const topUp = { key: 't', currency: 'EUR', amountMicros: 50n, reason: 'top_up', causeId: 't', callId: '', atMs: 1_000n } as const;
const { wallet: before } = post(emptyWallet('acme/client:alice', 'acme', 'EUR'), topUp, sha256);
const { wallet: after, entry } = post(before, { ...topUp, key: 'c', reason: 'charge', callId: 'CA1', amountMicros: 10n, split: { account, permille: 333, costMicros: 0n } }, sha256);

/** With a hash that is right: whoever forges a stream can compute that. */
function forged(changes: Partial<LedgerEntry>): LedgerEntry {
  const { hash: _hash, ...hashed } = { ...entry, ...changes };
  return { ...hashed, hash: sha256(entryEncodingOf(hashed)) };
}

test('an entry with a share that is booked again leaves the wallet that it left', () => {
  expect(entry.share).toEqual({ account, amountMicros: 3n });
  expect(rebook(before, entry, sha256)).toEqual(after);
  expect(() => rebook(before, { ...entry, share: { account, amountMicros: 4n } }, sha256)).toThrow(expect.objectContaining({ code: 'rebuild.broken_stream', message: expect.stringContaining('its hash does not follow') }));
});

test.each<[string, Partial<LedgerEntry>]>([
  ['of more than the amount', { share: { account, amountMicros: 11n } }],
  ['for another account\'s host', { share: { account: 'host:globex/client:bob', amountMicros: 3n } }],
])('a share %s cannot be booked', (_what, changes) => {
  expect(() => rebook(before, forged(changes), sha256)).toThrow(expect.objectContaining({ code: 'rebuild.broken_stream', message: expect.stringContaining('its share is ') }));
});
