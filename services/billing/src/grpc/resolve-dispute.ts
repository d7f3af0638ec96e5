import type { BillingServiceService, ResolveDisputeRequest } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import type { Money } from '@parley/money';
import { toMoney } from '../bus/convert.ts';
import { entryIdOf } from '../domain/wallet.ts';
import type { createResolveDispute } from '../usecases/resolve-dispute.ts';
import { requireMoney, requireRequestId } from './convert.ts';
import { askedBy, readAll, requireReason } from './correction-request.ts';
import { toDispute } from '../bus/dispute.ts';
import type { Now } from './grant-command.ts';

export function resolveDisputeHandler(resolveDispute: ReturnType<typeof createResolveDispute>, now: Now): HandlerOf<BillingServiceService['resolveDispute']> {
  return async (request, call) => {
    const { requestId, disputeId, reason } = request;
    const read = readAll({ requestId: () => requireRequestId(requestId), note: () => requireReason(reason), accepted: () => acceptedAmount(request) });
    const { record, dispute, made } = await resolveDispute({ ...read, ...askedBy(call, now), disputeId });
    const { currency } = record.charge.terms.policy.terms;
    return {
      dispute: toDispute(dispute, currency),
      entryId: made?.entry === undefined ? '' : entryIdOf(made.entry),
      correctedTotal: toMoney(currency, record.charge.published.chargedMicros),
    };
  };
}

/** @returns undefined: it is rejected. */
function acceptedAmount({ outcome }: ResolveDisputeRequest): Money | undefined {
  if (outcome === undefined) throw invalidArgument([{ field: 'outcome', description: 'is missing: accepted or rejected' }]);
  return outcome.$case === 'rejected' ? undefined : requireMoney(outcome.value.amount, 'accepted.amount');
}
