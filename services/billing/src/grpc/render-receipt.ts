import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { receiptPage } from '../page/receipt-page.ts';
import type { createGetReceipt } from '../usecases/get-receipt.ts';
import { copyOf, requireCallId, toReceipt } from './convert.ts';

export function renderReceiptHandler(getReceipt: ReturnType<typeof createGetReceipt>): HandlerOf<BillingServiceService['renderReceipt']> {
  return async ({ callId, copy }, { identity }) => ({ html: receiptPage(copyOf(toReceipt(await getReceipt(identity.accountId, requireCallId(callId))), copy)) });
}
