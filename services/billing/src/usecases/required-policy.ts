import { parleyError } from '@parley/errors';
import type { PolicyVersion } from '../domain/policy-terms.ts';
import type { PolicyStore } from './policy-store.ts';

/**
 * @param version 0: the latest.
 * @throws ParleyError `not_found.policy`, also for another account's
 */
export async function requirePolicy(policies: PolicyStore, accountId: string, policyId: string, version: number): Promise<PolicyVersion> {
  const policy = await policies.find(accountId, policyId, version);
  if (policy === undefined) throw parleyError('not_found.policy', 'no such policy, or no such version of it');
  return policy;
}
