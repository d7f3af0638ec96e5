import type { DisputeChange } from '../domain/correction.ts';
import type { CreditLimitChange } from '../domain/credit-limit.ts';
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import type { PolicyVersion } from '../domain/policy-terms.ts';

/** A change of policies. `id` is the same when it is told again. */
export type PolicyCommand =
  | { readonly type: 'policy_version_created'; readonly id: string; readonly accountId: string; readonly policy: PolicyVersion; readonly requestId: string; readonly atMs: bigint }
  | { readonly type: 'default_policy_set'; readonly id: string; readonly accountId: string; readonly policyId: string; readonly atMs: bigint };

/** What the LEDGER stream tells of. */
export type LedgerCommand =
  | PolicyCommand
  | { readonly type: 'entry_posted'; readonly accountId: string; readonly entry: LedgerEntry }
  | { readonly type: 'credit_limit_set'; readonly accountId: string; readonly change: CreditLimitChange }
  | { readonly type: 'dispute_changed'; readonly accountId: string; readonly change: DisputeChange };
