import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { receiptPage } from '../page/receipt-page.ts';
import type { createGetReceipt } from '../usecases/get-receipt.ts';
import { copyOf, requireChargeRef, toReceipt } from './convert.ts';

export function renderReceiptHandler(getReceipt: ReturnType<typeof createGetReceipt>): HandlerOf<BillingServiceService['renderReceipt']> {
  return async ({ copy, ...request }, { identity }) => ({ html: receiptPage(copyOf(toReceipt(await getReceipt(identity.accountId, requireChargeRef(request))), copy)) });
}
