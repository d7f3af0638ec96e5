import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createOpenDispute } from '../usecases/open-dispute.ts';
import { askedBy, correctionReaders, readAll } from './correction-request.ts';
import { toDispute } from '../bus/dispute.ts';
import type { Now } from './grant-command.ts';

export function openDisputeHandler(openDispute: ReturnType<typeof createOpenDispute>, now: Now): HandlerOf<BillingServiceService['openDispute']> {
  return async (request, call) => {
    const { record, dispute } = await openDispute({ ...readAll(correctionReaders(request)), ...askedBy(call, now) });
    return { dispute: toDispute(dispute, record.charge.terms.policy.terms.currency) };
  };
}
