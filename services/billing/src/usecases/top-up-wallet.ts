import { parleyError } from '@parley/errors';
import type { Money } from '@parley/money';
import { walletIdOf } from '../domain/address.ts';
import type { LedgerEntry, Wallet } from '../domain/wallet.ts';
import type { RequestStore } from './request-store.ts';
import type { WalletStore } from './wallet-store.ts';

export interface TopUpCommand {
  readonly accountId: string;
  readonly requestId: string;
  /** Of the wallet's holder. */
  readonly address: string;
  readonly amount: Money;
  /** Name of the part of the balance that it adds to; undefined: the plain one. */
  readonly bucket?: string | undefined;
  readonly atMs: bigint;
}

/**
 * Adds money, once per request id. The first top-up opens the wallet and fixes its currency.
 * @throws ParleyError `wallet.invalid_amount`, `wallet.currency_mismatch`, `wallet.bucket_expired`, `wallet.too_many_buckets`,
 *   `request.idempotency_conflict`
 */
export function createTopUpWallet(ports: { wallets: WalletStore; requests: RequestStore }): (command: TopUpCommand) => Promise<{ wallet: Wallet; entry: LedgerEntry }> {
  return async ({ accountId, requestId, address, amount: { currency, micros }, bucket, atMs }) => {
    if (micros <= 0n) throw parleyError('wallet.invalid_amount', 'the amount has to be positive');
    await ports.requests.claim(accountId, requestId, topUpContent(address, { currency, micros }, bucket));
    const posting = { key: `topup/${requestId}`, currency, amountMicros: micros, reason: 'top_up', causeId: requestId, callId: '', atMs, ...(bucket !== undefined && { bucket }) } as const;
    return ports.wallets.post({ walletId: walletIdOf(accountId, address), accountId }, posting);
  };
}

/** What the id of a request is tied to. */
export function topUpContent(address: string, { currency, micros }: Money, bucket?: string): readonly string[] {
  return ['top_up', address, currency, micros.toString(), ...(bucket === undefined ? [] : [bucket])];
}
