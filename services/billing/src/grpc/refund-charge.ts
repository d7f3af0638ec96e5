import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createRefundCharge } from '../usecases/refund-charge.ts';
import { requireMoney } from './convert.ts';
import { toCorrectionAnswer } from './correction-answer.ts';
import { askedBy, correctionReaders, readAll } from './correction-request.ts';
import type { Now } from './grant-command.ts';

export function refundChargeHandler(refundCharge: ReturnType<typeof createRefundCharge>, now: Now): HandlerOf<BillingServiceService['refundCharge']> {
  return async (request, call) => {
    const read = readAll({ ...correctionReaders(request), amount: () => requireMoney(request.amount, 'amount') });
    return toCorrectionAnswer(await refundCharge({ ...read, ...askedBy(call, now) }));
  };
}
