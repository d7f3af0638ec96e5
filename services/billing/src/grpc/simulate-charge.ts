import type { BillingServiceService, ReactionInterval, SimulateChargeRequest } from '@parley/contracts';
import { invalidArgument, isParleyError } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { fromInterval, fromProtoTerms, toMoney, toPolicySnapshot } from '../bus/convert.ts';
import { defaultLivenessMs } from '../domain/policy-terms.ts';
import type { Segment } from '../domain/timeline.ts';
import type { createSimulateCharge, SimulateCommand } from '../usecases/simulate-charge.ts';
import { hostShareOf, requirePolicyId, toReceiptLine } from './convert.ts';

export function simulateChargeHandler(simulateCharge: ReturnType<typeof createSimulateCharge>): HandlerOf<BillingServiceService['simulateCharge']> {
  return async (request, { identity }) => {
    const { policy, rating } = await simulateCharge({
      accountId: identity.accountId,
      pricedBy: pricedBy(request),
      intervals: request.intervals.map(requireInterval),
      limitMs: request.limitMs,
      mediaOriginMs: request.mediaOriginTime && BigInt(request.mediaOriginTime.getTime()),
    });
    const { currency } = policy.terms;
    const { lines, chargedMs, unchargedMs, totalMicros } = rating;
    const [snapshot, total] = [toPolicySnapshot(policy), toMoney(currency, totalMicros)];
    return { policy: snapshot, lines: lines.map((line) => toReceiptLine(line, currency)), chargedMs, unchargedMs, total, hostShare: hostShareOf(snapshot, total) };
  };
}

function requireInterval(interval: ReactionInterval, index: number): Segment {
  try {
    return fromInterval(interval);
  } catch (error) {
    if (!isParleyError(error)) throw error;
    throw invalidArgument([{ field: `intervals[${index}]`, description: 'is of no known kind or channel' }]);
  }
}

function pricedBy({ pricedBy, version }: SimulateChargeRequest): SimulateCommand['pricedBy'] {
  if (pricedBy === undefined) throw invalidArgument([{ field: 'priced_by', description: 'is missing: terms or policy_id' }]);
  if (pricedBy.$case === 'policyId') return { policyId: requirePolicyId(pricedBy.value), version };
  return { terms: fromProtoTerms(pricedBy.value, defaultLivenessMs) };
}
