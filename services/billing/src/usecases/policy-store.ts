import type { PolicyTerms, PolicyVersion } from '../domain/policy-terms.ts';

export interface NewPolicyVersion {
  readonly accountId: string;
  readonly policyId: string;
  readonly requestId: string;
  readonly terms: PolicyTerms;
  /** Unix time in ms. */
  readonly atMs: bigint;
}

export interface PolicyStore {
  /** @param version 0: the latest. */
  find(accountId: string, policyId: string, version: number): Promise<PolicyVersion | undefined>;
  /**
   * Adds a version, once per request id: the same request again gives the same version.
   * @param isNew version 1 of a policy that is not there; else the next of one that is.
   * @throws ParleyError `not_found.policy`
   */
  add(version: NewPolicyVersion, isNew: boolean): Promise<PolicyVersion>;
  /** Of calls whose application names none; undefined: such calls are free. */
  defaultOf(accountId: string): Promise<string | undefined>;
  setDefault(accountId: string, policyId: string | undefined, atMs: bigint): Promise<void>;
  /** Publishes what a crash left behind. */
  publishLeft(): Promise<void>;
}
