import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { toPolicySnapshot } from '../bus/convert.ts';
import type { PolicyStore } from '../usecases/policy-store.ts';
import { requirePolicy } from '../usecases/required-policy.ts';
import { requirePolicyId } from './convert.ts';

export function getPolicyHandler(policies: PolicyStore): HandlerOf<BillingServiceService['getPolicy']> {
  return async ({ policyId, version }, { identity }) => {
    return { policy: toPolicySnapshot(await requirePolicy(policies, identity.accountId, requirePolicyId(policyId), version)) };
  };
}
