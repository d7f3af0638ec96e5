import { parleyError } from '@parley/errors';
import type { Money } from '@parley/money';
import { walletIdOf } from '../domain/address.ts';
import type { Wallet } from '../domain/wallet.ts';
import type { RequestStore } from './request-store.ts';
import type { WalletStore } from './wallet-store.ts';

export interface SetCreditLimitCommand {
  readonly accountId: string;
  readonly requestId: string;
  /** Of the wallet's holder. */
  readonly address: string;
  readonly limit: Money;
  /** Subject of the token. */
  readonly actor: string;
  readonly atMs: bigint;
}

/**
 * Sets how far a balance may go below zero, once per request id; 0 makes it prepaid again.
 * @throws ParleyError `wallet.invalid_amount`, `wallet.currency_mismatch`, `request.idempotency_conflict`
 */
export function createSetCreditLimit(ports: { wallets: WalletStore; requests: RequestStore }): (command: SetCreditLimitCommand) => Promise<Wallet> {
  return async ({ accountId, requestId, address, limit: { currency, micros: limitMicros }, actor, atMs }) => {
    if (limitMicros < 0n) throw parleyError('wallet.invalid_amount', 'the limit must not be negative');
    await ports.requests.claim(accountId, requestId, creditLimitContent(address, { currency, micros: limitMicros }));
    return ports.wallets.setCreditLimit({ walletId: walletIdOf(accountId, address), accountId, currency, limitMicros, requestId, actor, atMs });
  };
}

/** What the id of a request is tied to. */
export function creditLimitContent(address: string, { currency, micros }: Money): readonly string[] {
  return ['credit_limit', address, currency, micros.toString()];
}
