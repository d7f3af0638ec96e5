import type { BillingServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createSetDefaultPolicy } from '../usecases/set-default-policy.ts';
import { requirePolicyId } from './convert.ts';

export function setDefaultPolicyHandler(
  setDefaultPolicy: ReturnType<typeof createSetDefaultPolicy>,
  now: () => bigint,
): HandlerOf<BillingServiceService['setDefaultPolicy']> {
  return async ({ policyId }, { identity }) => {
    await setDefaultPolicy({ accountId: identity.accountId, policyId: requirePolicyId(policyId), atMs: now() });
    return {};
  };
}
