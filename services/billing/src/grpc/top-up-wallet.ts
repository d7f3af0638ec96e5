import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { entryIdOf } from '../domain/wallet.ts';
import type { createTopUpWallet } from '../usecases/top-up-wallet.ts';
import { requireBucket } from './bucket.ts';
import { requireAddress, requireMoney, requireRequestId, toWallet } from './convert.ts';

export function topUpWalletHandler(topUpWallet: ReturnType<typeof createTopUpWallet>, now: () => bigint): HandlerOf<BillingServiceService['topUpWallet']> {
  return async ({ requestId, address, amount, bucket }, { identity }) => {
    const atMs = now();
    const { wallet, entry } = await topUpWallet({
      accountId: identity.accountId,
      requestId: requireRequestId(requestId),
      address: requireAddress(address, 'address'),
      amount: requireMoney(amount, 'amount'),
      bucket: bucket && requireBucket(bucket, 'bucket'),
      atMs,
    });
    return { wallet: toWallet(wallet, atMs), entryId: entryIdOf(entry) };
  };
}
