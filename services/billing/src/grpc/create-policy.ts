import type { BillingServiceService } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { fromProtoTerms, toPolicySnapshot } from '../bus/convert.ts';
import { defaultLivenessMs } from '../domain/policy-terms.ts';
import type { createCreatePolicy } from '../usecases/create-policy.ts';
import { requirePolicyId, requireRequestId } from './convert.ts';

export function createPolicyHandler(createPolicy: ReturnType<typeof createCreatePolicy>, now: () => bigint): HandlerOf<BillingServiceService['createPolicy']> {
  return async ({ requestId, policyId, terms }, { identity }) => {
    if (terms === undefined) throw invalidArgument([{ field: 'terms', description: 'is missing' }]);
    const policy = await createPolicy({
      accountId: identity.accountId,
      requestId: requireRequestId(requestId),
      policyId: requirePolicyId(policyId),
      terms: fromProtoTerms(terms, defaultLivenessMs),
      atMs: now(),
    });
    return { policy: toPolicySnapshot(policy) };
  };
}
