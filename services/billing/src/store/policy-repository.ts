import { parleyError } from '@parley/errors';
import { createOutboxRepository, type OutboxDocument } from '@parley/store';
import type { Db } from 'mongodb';
import type { PolicyVersion } from '../domain/policy-terms.ts';
import type { PolicyCommand } from '../usecases/ledger-commands.ts';
import type { NewPolicyVersion, PolicyStore } from '../usecases/policy-store.ts';

export interface StoredVersion extends Pick<PolicyVersion, 'version' | 'terms'> {
  readonly requestId: string;
  readonly atMs: bigint;
}

/** `_id` is `<account>/<policy id>`. All versions in one document: a version is added by one conditional write. */
interface PolicyDocument extends OutboxDocument<PolicyCommand> {
  readonly policyId: string;
  readonly versions: readonly StoredVersion[];
}

/** `_id` is the account. */
interface AccountDocument extends OutboxDocument<PolicyCommand> {
  readonly defaultPolicyId: string | undefined;
}

export function createPolicyRepository(db: Db, publishCommand: (command: PolicyCommand) => Promise<void>): PolicyStore {
  const policies = createOutboxRepository<PolicyDocument>(db.collection('policies'), { publish: publishCommand });
  const accounts = createOutboxRepository<AccountDocument>(db.collection('accounts'), { publish: publishCommand });
  return {
    find: async (accountId, policyId, version) => {
      const found = await policies.find(`${accountId}/${policyId}`);
      const chosen = version === 0 ? found?.versions.at(-1) : found?.versions.find((stored) => stored.version === version);
      return chosen && { policyId, version: chosen.version, terms: chosen.terms };
    },
    add: async (added, isNew) => {
      const { accountId, policyId, requestId } = added;
      const _id = `${accountId}/${policyId}`;
      const after = await policies.mutate(_id, async (before) => {
        if (before === undefined && !isNew) throw parleyError('not_found.policy', 'no such policy');
        const versions = before?.versions ?? [];
        return versions.some((stored) => stored.requestId === requestId) ? undefined : withVersion(_id, versions, added);
      });
      const { version, terms } = after!.versions.find((stored) => stored.requestId === requestId)!;
      return { policyId, version, terms };
    },
    defaultOf: async (accountId) => (await accounts.find(accountId))?.defaultPolicyId,
    setDefault: async (accountId, policyId, atMs) => {
      await accounts.mutate(accountId, async (before) => {
        if (before?.defaultPolicyId === policyId) return undefined;
        const id = `${accountId}/default-policy/${before === undefined ? 0 : before.rev + 1}`;
        const command: PolicyCommand = { type: 'default_policy_set', id, accountId, policyId: policyId ?? '', atMs };
        return { _id: accountId, defaultPolicyId: policyId, outbox: [command] };
      });
    },
    publishLeft: async () => {
      await policies.publishPending();
      await accounts.publishPending();
    },
  };
}

function withVersion(_id: string, versions: readonly StoredVersion[], { accountId, policyId, requestId, terms, atMs }: NewPolicyVersion) {
  const version = versions.length + 1;
  const command: PolicyCommand = {
    type: 'policy_version_created',
    id: `${_id}/${version}`,
    accountId,
    policy: { policyId, version, terms },
    requestId,
    atMs,
  };
  return { _id, policyId, versions: [...versions, { version, terms, requestId, atMs }], outbox: [command] };
}
