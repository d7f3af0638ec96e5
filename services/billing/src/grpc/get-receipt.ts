import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createGetReceipt } from '../usecases/get-receipt.ts';
import { copyOf, requireChargeRef, toReceipt } from './convert.ts';

export function getReceiptHandler(getReceipt: ReturnType<typeof createGetReceipt>): HandlerOf<BillingServiceService['getReceipt']> {
  return async ({ copy, ...request }, { identity }) => ({ receipt: copyOf(toReceipt(await getReceipt(identity.accountId, requireChargeRef(request))), copy) });
}
