import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createSetCreditLimit } from '../usecases/set-credit-limit.ts';
import { requireAddress, requireMoney, requireRequestId, toWallet } from './convert.ts';

export function setCreditLimitHandler(
  setCreditLimit: ReturnType<typeof createSetCreditLimit>,
  now: () => bigint,
): HandlerOf<BillingServiceService['setCreditLimit']> {
  return async ({ requestId, address, limit }, { identity }) => {
    const atMs = now();
    const wallet = await setCreditLimit({
      accountId: identity.accountId,
      requestId: requireRequestId(requestId),
      address: requireAddress(address, 'address'),
      limit: requireMoney(limit, 'limit'),
      actor: identity.subject,
      atMs,
    });
    return { wallet: toWallet(wallet, atMs) };
  };
}
