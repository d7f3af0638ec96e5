import type { BillingServiceService } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { toPolicySnapshot } from '../bus/convert.ts';
import type { PolicyStore } from '../usecases/policy-store.ts';
import { requirePolicyId } from './convert.ts';

export function getPolicyHandler(policies: PolicyStore): HandlerOf<BillingServiceService['getPolicy']> {
  return async ({ policyId, version }, { identity }) => {
    const policy = await policies.find(identity.accountId, requirePolicyId(policyId), version);
    if (policy === undefined) throw parleyError('not_found.policy', 'no such policy, or no such version of it');
    return { policy: toPolicySnapshot(policy) };
  };
}
