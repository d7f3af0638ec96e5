import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../store/sha256.ts';
import { setCreditLimit } from './credit-limit.ts';
import { availableMicros, emptyWallet, hold, post, reservedMicros, type Wallet } from './wallet.ts';

const walletId = 'acme/client:alice';
const command = { walletId, accountId: 'acme', currency: 'EUR', limitMicros: 100n, requestId: 'r1', actor: 'ops', atMs: 1_000n };
const limited = (limitMicros: bigint, before?: Wallet) => setCreditLimit(before, { ...command, limitMicros }).wallet;
const ask = (callId: string, untilMs: bigint, coverMicros: bigint) => ({ callId, currency: 'EUR', postedMicros: 0n, steps: [{ untilMs, coverMicros }] });
const charge = (wallet: Wallet, amountMicros: bigint) =>
  post(wallet, { key: `k${amountMicros}`, currency: 'EUR', amountMicros, reason: 'charge', causeId: 'e1', callId: 'CA1', atMs: 1_000n }, sha256);

describe('a credit limit', () => {
  test('opens the wallet, and its changes are numbered', () => {
    const first = setCreditLimit(undefined, command);
    expect(first.wallet).toEqual({ ...emptyWallet(walletId, 'acme', 'EUR'), credit: { limitMicros: 100n, changes: 1n } });
    expect(first.change).toEqual({ ...command, number: 0n, nextEntry: 0n });
    expect(setCreditLimit(first.wallet, { ...command, limitMicros: 0n }).change.number).toBe(1n);
  });

  test.each([
    ['below zero', { limitMicros: -1n }, 'wallet.invalid_amount'],
    ['beyond int64', { limitMicros: 9_223_372_036_854_775_808n }, 'wallet.invalid_amount'],
    ['in another currency', { currency: 'USD' }, 'wallet.currency_mismatch'],
  ])('%s is refused', (_name, changes, code) => {
    expect(() => setCreditLimit(emptyWallet(walletId, 'acme', 'EUR'), { ...command, ...changes })).toThrow(expect.objectContaining({ code }));
  });

  test('lets the balance go down to it, and never below', () => {
    const { wallet, grantedMs } = hold(limited(100n), ask('CA1', 10n, 100n));
    expect([grantedMs, availableMicros(wallet)]).toEqual([10n, 0n]);
    const charged = charge(wallet, 100n);
    expect([charged.wallet.balanceMicros, charged.entry.balanceAfterMicros]).toEqual([-100n, -100n]);
    expect(() => charge(charged.wallet, 1n)).toThrow(expect.objectContaining({ code: 'wallet.insufficient_balance' }));
    expect(hold(charged.wallet, ask('CA2', 10n, 1n)).isShort).toBe(true);
  });

  test('lowered under what is held, refuses new holds and still charges what is held', () => {
    const { wallet } = hold(limited(100n), ask('CA1', 10n, 80n));
    const lowered = limited(0n, wallet);
    expect(availableMicros(lowered)).toBe(-80n);
    expect(hold(lowered, ask('CA2', 10n, 1n))).toMatchObject({ grantedMs: 0n, isShort: true });
    expect(hold(lowered, ask('CA1', 20n, 81n))).toMatchObject({ grantedMs: 10n, isShort: true });
    expect(charge(lowered, 80n).wallet.balanceMicros).toBe(-80n);
    expect(() => charge(lowered, 81n)).toThrow(expect.objectContaining({ code: 'wallet.insufficient_balance' }));
  });

  test('lowered, a call that turned out cheaper still gives back and goes on', () => {
    const lowered = limited(0n, hold(limited(100n), ask('CA1', 10n, 80n)).wallet);
    const { wallet, grantedMs } = hold(lowered, ask('CA1', 20n, 60n));
    expect([grantedMs, reservedMicros(wallet)]).toEqual([20n, 60n]);
  });
});
