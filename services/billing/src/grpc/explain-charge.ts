import { Receipt, type BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { firstDifference } from '../domain/first-difference.ts';
import type { createExplainCharge } from '../usecases/explain-charge.ts';
import { requireChargeRef, toReceipt } from './convert.ts';

export function explainChargeHandler(explainCharge: ReturnType<typeof createExplainCharge>): HandlerOf<BillingServiceService['explainCharge']> {
  return async (request, { identity }) => {
    const { stored, recomputed, differences: published } = await explainCharge(identity.accountId, requireChargeRef(request));
    const receipt = toReceipt(recomputed);
    const differences = [...receiptDifferences(toReceipt(stored), receipt), ...published];
    return { receipt, identical: differences.length === 0, differences };
  };
}

/** Bit for bit; the first field that differs is named. */
function receiptDifferences(found: Receipt, expected: Receipt): string[] {
  if (Buffer.compare(Receipt.encode(found).finish(), Receipt.encode(expected).finish()) === 0) return [];
  return [`the stored receipt: ${firstDifference(found, expected) ?? 'its bytes are not those that follow'}`];
}
