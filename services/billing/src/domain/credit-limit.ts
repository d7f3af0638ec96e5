import { parleyError } from '@parley/errors';
import { emptyWallet, maxInt64, requireCurrency, type Wallet } from './wallet.ts';

/** One change of a wallet's credit limit. They are numbered from 0 without a hole and never changed. */
export interface CreditLimitChange {
  readonly number: bigint;
  readonly walletId: string;
  readonly accountId: string;
  readonly currency: string;
  /** Positive micro-units, or 0: none. */
  readonly limitMicros: bigint;
  /** Number of the first ledger entry after it. */
  readonly nextEntry: bigint;
  readonly requestId: string;
  /** Subject of the token of who set it. */
  readonly actor: string;
  /** Unix time in ms. */
  readonly atMs: bigint;
}

/** What is asked for; the wallet is opened if it is not there. */
export type CreditLimitCommand = Omit<CreditLimitChange, 'number' | 'nextEntry'>;

/**
 * Sets how far the balance may go below zero. A limit below what is used already is kept: new holds are refused, and what is
 * held is still charged.
 * @throws ParleyError `wallet.currency_mismatch`, `wallet.invalid_amount`
 */
export function setCreditLimit(before: Wallet | undefined, command: CreditLimitCommand): { wallet: Wallet; change: CreditLimitChange } {
  const { walletId, accountId, currency, limitMicros } = command;
  const wallet = before ?? emptyWallet(walletId, accountId, currency);
  requireCurrency(wallet, currency);
  if (limitMicros < 0n || wallet.balanceMicros + limitMicros > maxInt64) throw parleyError('wallet.invalid_amount', 'the limit is negative or out of range');
  const number = wallet.credit?.changes ?? 0n;
  return {
    wallet: { ...wallet, credit: { limitMicros, changes: number + 1n } },
    change: { ...command, number, nextEntry: wallet.nextEntry },
  };
}
