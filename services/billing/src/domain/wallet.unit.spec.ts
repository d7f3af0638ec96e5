import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { sha256 } from '../store/sha256.ts';
import { availableMicros, emptyWallet, hold, post as postWith, release, reservedMicros, type LedgerEntry, type Posting, type Wallet } from './wallet.ts';

const post = (wallet: Wallet, booking: Posting) => postWith(wallet, booking, sha256);
const walletId = 'acme/client:alice';
const posting = (changes: Partial<Posting>): Posting => ({
  key: 'k',
  currency: 'EUR',
  amountMicros: 1n,
  reason: 'top_up',
  causeId: 'r1',
  callId: '',
  atMs: 1_000n,
  ...changes,
});
const holding = (amountMicros: bigint): Wallet => post(emptyWallet(walletId, 'acme', 'EUR'), posting({ amountMicros })).wallet;
const ask = (callId: string, ...steps: [bigint, bigint][]) => ({
  callId,
  currency: 'EUR',
  postedMicros: 0n,
  steps: steps.map(([untilMs, coverMicros]) => ({ untilMs, coverMicros })),
});

describe('a top-up', () => {
  test('raises the balance and is one numbered double entry', () => {
    const { wallet, entry } = post(emptyWallet(walletId, 'acme', 'EUR'), posting({ amountMicros: 500n, key: 'topup/r1' }));
    expect(wallet).toMatchObject({ balanceMicros: 500n, nextEntry: 1n });
    expect(entry).toEqual({
      number: 0n,
      walletId,
      debitAccount: 'funding:acme',
      creditAccount: 'wallet:acme/client:alice',
      currency: 'EUR',
      amountMicros: 500n,
      balanceAfterMicros: 500n,
      reason: 'top_up',
      causeId: 'r1',
      callId: '',
      atMs: 1_000n,
      key: 'topup/r1',
      previousHash: '',
      hash: wallet.headHash,
    });
  });

  test.each([
    ['nothing', { amountMicros: 0n }, 'wallet.invalid_amount'],
    ['a negative amount', { amountMicros: -1n }, 'wallet.invalid_amount'],
    ['more than int64 holds', { amountMicros: 9_223_372_036_854_775_807n }, 'wallet.invalid_amount'],
    ['another currency', { currency: 'USD' }, 'wallet.currency_mismatch'],
  ])('of %s is refused', (_name, changes, code) => {
    expect(() => post(holding(1n), posting(changes))).toThrow(expect.objectContaining({ code }));
  });
});

describe('a hold', () => {
  test('reserves what is available, for one call only', () => {
    const { wallet, grantedMs, isShort } = hold(holding(100n), ask('CA1', [30n, 70n]));
    expect([reservedMicros(wallet), availableMicros(wallet), grantedMs, isShort]).toEqual([70n, 30n, 30n, false]);
    expect(hold(wallet, ask('CA2', [30n, 70n]))).toEqual({ wallet, grantedMs: 0n, isShort: true });
  });

  test('is refused at a balance of zero', () => {
    expect(hold(emptyWallet(walletId, 'acme', 'EUR'), ask('CA1', [30n, 1n]))).toMatchObject({ grantedMs: 0n, isShort: true });
  });

  test('goes as far as the balance covers', () => {
    expect(hold(holding(100n), ask('CA1', [10n, 40n], [20n, 80n], [30n, 120n]))).toMatchObject({ grantedMs: 20n, isShort: true });
  });

  test('asked for again is the same hold, and never goes back in time', () => {
    const { wallet } = hold(holding(100n), ask('CA1', [30n, 70n]));
    expect(hold(wallet, ask('CA1', [30n, 70n]))).toEqual({ wallet, grantedMs: 30n, isShort: false });
    expect(hold(wallet, ask('CA1', [20n, 50n]))).toEqual({ wallet, grantedMs: 30n, isShort: false });
  });

  test('extended, it gives back what the call turned out not to need', () => {
    const first = hold(holding(100n), ask('CA1', [30n, 70n])).wallet;
    const { wallet } = hold(first, ask('CA1', [60n, 50n]));
    expect([reservedMicros(wallet), wallet.holds['CA1']?.grantedMs]).toEqual([50n, 60n]);
  });

  test('in another currency is refused', () => {
    expect(() => hold(holding(1n), { ...ask('CA1', [1n, 1n]), currency: 'JPY' })).toThrow(expect.objectContaining({ code: 'wallet.currency_mismatch' }));
  });
});

describe('a charge', () => {
  const charge = (amountMicros: bigint, callId = 'CA1') => posting({ reason: 'charge', callId, amountMicros });

  test('uses what is held for its call', () => {
    const { wallet } = hold(holding(100n), ask('CA1', [30n, 70n]));
    const charged = post(wallet, charge(60n));
    expect([charged.wallet.balanceMicros, reservedMicros(charged.wallet), availableMicros(charged.wallet)]).toEqual([40n, 10n, 30n]);
    expect(charged.entry).toMatchObject({ debitAccount: 'wallet:acme/client:alice', creditAccount: 'revenue:acme', number: 1n, balanceAfterMicros: 40n });
    expect(availableMicros(release(charged.wallet, 'CA1'))).toBe(40n);
  });

  test('never uses what is held for another call', () => {
    const { wallet } = hold(holding(100n), ask('CA1', [30n, 70n]));
    expect(() => post(wallet, charge(31n, 'CA2'))).toThrow(expect.objectContaining({ code: 'wallet.insufficient_balance' }));
  });
});

describe('what is done by hand', () => {
  const byHand = (changes: Partial<Posting>) => posting({ reason: 'rerating', callId: 'CA1', actor: 'ops', note: 'why', ...changes });

  test('gives money back with the sides reversed, or takes it, as its sign says', () => {
    const back = post(holding(100n), byHand({ amountMicros: -30n, key: 'a' }));
    expect(back.entry).toMatchObject({ debitAccount: 'revenue:acme', creditAccount: `wallet:${walletId}`, amountMicros: 30n, balanceAfterMicros: 130n, actor: 'ops', note: 'why' });
    const taken = post(back.wallet, byHand({ amountMicros: 40n, key: 'b' }));
    expect(taken.entry).toMatchObject({ debitAccount: `wallet:${walletId}`, creditAccount: 'revenue:acme', amountMicros: 40n, balanceAfterMicros: 90n });
  });

  test('uses what was held for it; the entry does not tell', () => {
    const both = hold(hold(holding(100n), ask('CA1', [30n, 60n])).wallet, ask('CA1/7', [40n, 40n])).wallet;
    const { wallet, entry } = post(both, byHand({ amountMicros: 40n, holdId: 'CA1/7' }));
    expect([reservedMicros(wallet), availableMicros(wallet)]).toEqual([60n, 0n]);
    expect(entry).not.toHaveProperty('holdId');
    expect(() => post(wallet, byHand({ amountMicros: 1n, holdId: 'CA1/8' }))).toThrow(expect.objectContaining({ code: 'wallet.insufficient_balance' }));
  });

  test.each([['nothing', byHand({ amountMicros: 0n })], ['less than nothing, of a charge', posting({ reason: 'charge', callId: 'CA1', amountMicros: -1n })]])('of %s is refused', (_what, booking) => {
    expect(() => post(holding(9n), booking)).toThrow(expect.objectContaining({ code: 'wallet.invalid_amount' }));
  });
});

describe('whatever is asked of a wallet', () => {
  const calls = fc.constantFrom('CA1', 'CA2', 'CA3');
  const command = fc.oneof(
    fc.record({ do: fc.constant('top_up' as const), amountMicros: fc.bigInt({ min: -5n, max: 100n }) }),
    fc.record({ do: fc.constant('charge' as const), callId: calls, amountMicros: fc.bigInt({ min: 1n, max: 60n }) }),
    fc.record({ do: fc.constant('hold' as const), callId: calls, untilMs: fc.bigInt({ min: 1n, max: 90n }), coverMicros: fc.bigInt({ min: 0n, max: 120n }) }),
    fc.record({ do: fc.constant('release' as const), callId: calls }),
  );

  test('it is never overspent, and its entries tell its balance', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        let wallet = emptyWallet(walletId, 'acme', 'EUR');
        const entries: LedgerEntry[] = [];
        const book = (booking: Posting) => {
          try {
            const booked = post(wallet, booking);
            wallet = booked.wallet;
            entries.push(booked.entry);
          } catch (error) {
            if (!isParleyError(error)) throw error;
          }
        };
        for (const asked of commands) {
          if (asked.do === 'top_up') book(posting(asked));
          else if (asked.do === 'charge') book(posting({ ...asked, reason: 'charge' }));
          else if (asked.do === 'hold') wallet = hold(wallet, ask(asked.callId, [asked.untilMs, asked.coverMicros])).wallet;
          else wallet = release(wallet, asked.callId);
          expect(availableMicros(wallet)).toBeGreaterThanOrEqual(0n);
          for (const { coverMicros, postedMicros } of Object.values(wallet.holds)) expect(coverMicros).toBeGreaterThanOrEqual(postedMicros);
        }
        expect(entries.map(({ number }) => number)).toEqual(entries.map((_, index) => BigInt(index)));
        const told = entries.reduce((sum, { reason, amountMicros }) => (reason === 'top_up' ? sum + amountMicros : sum - amountMicros), 0n);
        expect(entries.map(({ previousHash }) => previousHash)).toEqual(['', ...entries.map(({ hash }) => hash)].slice(0, entries.length));
        expect(wallet.headHash).toBe(entries.at(-1)?.hash);
        expect(wallet.balanceMicros).toBe(told);
        expect(entries.at(-1)?.balanceAfterMicros ?? 0n).toBe(wallet.balanceMicros);
      }),
    );
  });
});
