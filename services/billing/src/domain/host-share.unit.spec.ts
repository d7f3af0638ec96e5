import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { sha256 } from '../store/sha256.ts';
import { hostAccountOf, hostMicros, hostOf, shareFaults, sharesOf, type HostShare } from './host-share.ts';
import { hostMicrosOf, type LedgerEntry } from './ledger-entry.ts';
import { emptyWallet, post, type Posting, type Wallet } from './wallet.ts';

const account = 'host:acme/client:bob';
const permille = fc.integer({ min: 0, max: 1000 });
const micros = fc.bigInt({ min: 0n, max: 1_000_000n });
const signed = (share: HostShare | undefined, difference: bigint): bigint => (difference < 0n ? -1n : 1n) * (share?.amountMicros ?? 0n);

describe('the share of a host', () => {
  test.each([
    [0n, 300, 0n],
    [10n, 0, 0n],
    [10n, 1000, 10n],
    [9n, 333, 2n],
    [1n, 999, 0n],
    [9_223_372_036_854_775_807n, 1000, 9_223_372_036_854_775_807n],
  ])('of %p micro-units by %p thousandths is %p, rounded down', (cost, thousandths, share) => {
    expect(hostMicros(cost, thousandths)).toBe(share);
  });

  test('is of who is seen: of the other side of who pays', () => {
    const sides = { from: 'client:alice', to: 'client:bob' };
    expect([hostOf(sides, 'caller'), hostOf(sides, 'callee')]).toEqual(['client:bob', 'client:alice']);
    expect(hostAccountOf('acme', 'client:bob')).toBe(account);
  });

  test('is that of what the call costs in the end, in whichever steps and order it came to that', () => {
    fc.assert(
      fc.property(permille, fc.array(micros, { minLength: 1, maxLength: 20 }), (thousandths, costs) => {
        const differences = costs.map((cost, index) => cost - (costs[index - 1] ?? 0n));
        const shares = sharesOf({ account, permille: thousandths, costMicros: 0n }, differences);
        const sum = shares.reduce((total, share, index) => total + signed(share, differences[index]!), 0n);
        expect(sum).toBe((costs.at(-1)! * BigInt(thousandths)) / 1000n);
        for (const [index, share] of shares.entries()) {
          const amount = differences[index]! < 0n ? -differences[index]! : differences[index]!;
          if (share !== undefined) expect(shareFaults({ share, walletId: 'acme/client:alice', callId: 'CA1', amountMicros: amount })).toEqual([]);
          else expect((amount * BigInt(thousandths)) / 1000n).toBe(0n);
        }
      }),
    );
  });
});

describe('a posting that is shared', () => {
  const empty = emptyWallet('acme/client:alice', 'acme', 'EUR');
  const posting = (changes: Partial<Posting>): Posting => ({ key: 'k', currency: 'EUR', amountMicros: 1n, reason: 'charge', causeId: 'r', callId: 'CA1', atMs: 1_000n, ...changes });
  const withMoney = (amounts: Readonly<Record<string, bigint>>): Wallet =>
    Object.entries(amounts).reduce((wallet, [bucket, amountMicros]) => post(wallet, posting({ key: bucket, reason: 'top_up', callId: '', amountMicros, bucket }), sha256).wallet, empty);
  const split = (costMicros: bigint, thousandths = 333) => ({ account, permille: thousandths, costMicros });

  test('over parts of a balance gives the host of each what it adds to the share of the whole', () => {
    const { entries } = post(withMoney({ 'free/1': 2n, 'free/2': 2n, 'free/3': 100n }), posting({ amountMicros: 5n, split: split(2n) }), sha256);
    // The cost goes from 2 over 4 and 6 to 7: of that a third, rounded down, is 0, 1, 1, 2.
    expect(entries.map(({ amountMicros, share }) => [amountMicros, share?.amountMicros])).toEqual([[2n, 1n], [2n, undefined], [1n, 1n]]);
    expect(entries[0]).toMatchObject({ creditAccount: 'revenue:acme', share: { account, amountMicros: 1n } });
    expect(Object.keys(entries[1]!)).not.toContain('share');
  });

  test('keeps nothing of what its share follows from in an entry', () => {
    const { entry } = post(withMoney({ 'free/1': 2_000n }), posting({ amountMicros: 1_000n, split: split(0n) }), sha256);
    expect(Object.keys(entry)).not.toContain('split');
    expect(post(withMoney({ 'free/1': 2_000n }), posting({ amountMicros: 1_000n }), sha256).entry.share).toBeUndefined();
  });

  test.each(['refund', 'dispute', 'rerating'] as const)('of money back (%s) takes from the host what the call costs less', (reason) => {
    const back = post(withMoney({ 'free/1': 9n }), posting({ reason, amountMicros: -4n, actor: 'ops', note: 'n', split: split(9n) }), sha256).entry;
    expect([back.share, hostMicrosOf(back)]).toEqual([{ account, amountMicros: 1n }, -1n]);
  });

  test('however it is drawn and given back, adds up to the share of what the call costs', () => {
    const steps = fc.array(fc.record({ amount: fc.bigInt({ min: 1n, max: 400n }), isBack: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(permille, steps, fc.array(fc.bigInt({ min: 1n, max: 300n }), { minLength: 1, maxLength: 6 }), (thousandths, asked, parts) => {
        let wallet = withMoney({ ...Object.fromEntries(parts.map((amount, index) => [`free/${index}`, amount])), 'paid/900': 5_000n });
        let cost = 0n;
        const booked: LedgerEntry[] = [];
        for (const [index, { amount, isBack }] of asked.entries()) {
          if (isBack && amount > cost) continue;
          const amountMicros = isBack ? -amount : amount;
          const posted = post(wallet, posting({ key: `k${index}`, reason: 'rerating', amountMicros, actor: 'ops', note: 'n', split: split(cost, thousandths) }), sha256);
          wallet = posted.wallet;
          cost += amountMicros;
          booked.push(...posted.entries);
        }
        expect(booked.reduce((sum, entry) => sum + hostMicrosOf(entry), 0n)).toBe((cost * BigInt(thousandths)) / 1000n);
        for (const entry of booked) expect(shareFaults(entry)).toEqual([]);
      }),
    );
  });
});

describe('a share that no call can lead to', () => {
  const entry = { walletId: 'acme/client:alice', callId: 'CA1', amountMicros: 5n };
  test.each<[string, Partial<typeof entry>, HostShare, string]>([
    ['more than the amount', {}, { account, amountMicros: 6n }, 'its share is 6, of an amount of 5'],
    ['nothing', {}, { account, amountMicros: 0n }, 'its share is 0, of an amount of 5'],
    ['less than nothing', {}, { account, amountMicros: -1n }, 'its share is -1, of an amount of 5'],
    ['of no call', { callId: '' }, { account, amountMicros: 1n }, 'it is of no call, and has a share'],
    ['of another account', {}, { account: 'host:other/client:bob', amountMicros: 1n }, 'its share is for host:other/client:bob, which is no host of its account'],
    ['of no host', {}, { account: 'revenue:acme', amountMicros: 1n }, 'its share is for revenue:acme, which is no host of its account'],
  ])('is named: %s', (_what, changes, share, fault) => {
    expect(shareFaults({ ...entry, ...changes, share })).toEqual([fault]);
  });
});
