import { parleyError } from '@parley/errors';
import { validateTerms, type PolicyVersion, type RequestedTerms } from '../domain/policy-terms.ts';
import type { PolicyStore } from './policy-store.ts';
import { requestDigest } from './request-digest.ts';
import type { RequestStore } from './request-store.ts';

export interface CreatePolicyCommand {
  readonly accountId: string;
  readonly requestId: string;
  /** Empty: a new policy. */
  readonly policyId: string;
  readonly terms: RequestedTerms;
  readonly atMs: bigint;
}

/**
 * Adds an immutable version of a policy, once per request id.
 * @throws ParleyError `policy.invalid_terms`, `policy.unknown_currency`, `not_found.policy`, `request.idempotency_conflict`
 */
export function createCreatePolicy({ policies, requests }: { policies: PolicyStore; requests: RequestStore }): (command: CreatePolicyCommand) => Promise<PolicyVersion> {
  return async ({ accountId, requestId, policyId, terms: requested, atMs }) => {
    const terms = validateTerms(requested);
    const isNew = policyId === '';
    if (!isNew && (await policies.find(accountId, policyId, 0)) === undefined) throw parleyError('not_found.policy', 'no such policy');
    await requests.claim(accountId, requestId, policyContent(policyId, terms));
    return policies.add({ accountId, policyId: isNew ? newPolicyId(accountId, requestId) : policyId, requestId, terms, atMs }, isNew);
  };
}

/** What the id of a request is tied to. @param policyId empty: a new policy. */
export function policyContent(policyId: string, terms: PolicyVersion['terms']): readonly string[] {
  return ['policy', policyId, ...contentOf(terms)];
}

/** Each value by its name, in a fixed order. */
function contentOf(value: unknown, name = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${name}=${String(value)}`];
  const named = Object.entries(value).filter(([, part]) => part !== undefined).sort(([one], [other]) => (one < other ? -1 : 1));
  return named.flatMap(([key, part]) => contentOf(part, name === '' ? key : `${name}.${key}`));
}

/** A function of the request, so that a repeat after a crash finds the policy. */
function newPolicyId(accountId: string, requestId: string): string {
  return `pol-${requestDigest(accountId, requestId).slice(0, 20)}`;
}
