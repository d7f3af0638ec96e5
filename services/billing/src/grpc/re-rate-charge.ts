import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { toMoney, toPolicySnapshot } from '../bus/convert.ts';
import type { createReRateCharge } from '../usecases/re-rate-charge.ts';
import { requirePolicyId, toReceiptLine } from './convert.ts';
import { toCorrectionAnswer } from './correction-answer.ts';
import { askedBy, correctionReaders, readAll } from './correction-request.ts';
import type { Now } from './grant-command.ts';

export function reRateChargeHandler(reRateCharge: ReturnType<typeof createReRateCharge>, now: Now): HandlerOf<BillingServiceService['reRateCharge']> {
  return async (request, call) => {
    const read = readAll({ ...correctionReaders(request), policyId: () => requirePolicyId(request.policyId) });
    const { version, dryRun } = request;
    const reRated = await reRateCharge({ ...read, ...askedBy(call, now), version, dryRun });
    const { policy, rating } = reRated;
    const { currency } = policy.terms;
    return {
      ...toCorrectionAnswer(reRated),
      policy: toPolicySnapshot(policy),
      lines: rating.lines.map((line) => toReceiptLine(line, currency)),
      ratedTotal: toMoney(currency, rating.totalMicros),
    };
  };
}
