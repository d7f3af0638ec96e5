import { parleyError } from '@parley/errors';
import type { PolicyStore } from './policy-store.ts';

export interface SetDefaultPolicyCommand {
  readonly accountId: string;
  /** Empty: none, calls of applications without a policy are free. */
  readonly policyId: string;
  readonly atMs: bigint;
}

/** @throws ParleyError `not_found.policy` */
export function createSetDefaultPolicy(policies: PolicyStore): (command: SetDefaultPolicyCommand) => Promise<void> {
  return async ({ accountId, policyId, atMs }) => {
    if (policyId !== '' && (await policies.find(accountId, policyId, 0)) === undefined) throw parleyError('not_found.policy', 'no such policy');
    await policies.setDefault(accountId, policyId === '' ? undefined : policyId, atMs);
  };
}
