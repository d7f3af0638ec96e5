import { ledgerSubject, messageIdHeader, type Publisher, type StoredMessage } from '@parley/bus';
import { LedgerEvent } from '@parley/contracts';
import { currentTraceparent, traceparentHeader } from '@parley/telemetry';
import { walletHolderOf } from '../domain/address.ts';
import type { DisputeChange } from '../domain/correction.ts';
import type { CreditLimitChange } from '../domain/credit-limit.ts';
import { entryIdOf, type LedgerEntry } from '../domain/wallet.ts';
import type { PolicyCommand } from '../usecases/ledger-commands.ts';
import { toLedgerEntry, toMoney, toPolicySnapshot } from './convert.ts';
import { toDispute } from './dispute.ts';

/** Tells of every money command, and of each step of a dispute, on the LEDGER stream, with an id that a repeat keeps. */
export interface LedgerPublisher {
  entryPosted(entry: LedgerEntry): Promise<void>;
  creditLimitSet(change: CreditLimitChange): Promise<void>;
  policyCommand(command: PolicyCommand): Promise<void>;
  disputeChanged(change: DisputeChange): Promise<void>;
}

export function createLedgerPublisher(publisher: Publisher): LedgerPublisher {
  return {
    entryPosted: (entry) => {
      const { accountId } = walletHolderOf(entry.walletId);
      const value = { walletId: entry.walletId, entry: toLedgerEntry(entry), idempotencyKey: entry.key };
      return publisher.publish(message(entryIdOf(entry), 'ledger.entry_posted', accountId, entry.atMs, { $case: 'entryPosted', value }));
    },
    creditLimitSet: ({ walletId, accountId, number, currency, limitMicros, nextEntry, requestId, actor, atMs }) => {
      const value = { walletId, limit: toMoney(currency, limitMicros), number, nextEntry, requestId, actor };
      return publisher.publish(message(`${walletId}/credit-limit/${number}`, 'ledger.credit_limit_set', accountId, atMs, { $case: 'creditLimitSet', value }));
    },
    disputeChanged: ({ accountId, callId, currency, dispute, requestId }) => {
      const { disputeId, opened, resolved } = dispute;
      const value = { callId, dispute: toDispute(dispute, currency), requestId };
      const id = `${disputeId}/${resolved === undefined ? 'opened' : 'resolved'}`;
      return publisher.publish(message(id, 'ledger.dispute_changed', accountId, (resolved ?? opened).atMs, { $case: 'disputeChanged', value }));
    },
    policyCommand: (command) => {
      const { id, accountId, atMs } = command;
      if (command.type === 'default_policy_set') {
        const value = { policyId: command.policyId };
        return publisher.publish(message(id, 'ledger.default_policy_set', accountId, atMs, { $case: 'defaultPolicySet', value }));
      }
      const value = { policy: toPolicySnapshot(command.policy), requestId: command.requestId };
      return publisher.publish(message(id, 'ledger.policy_version_created', accountId, atMs, { $case: 'policyVersionCreated', value }));
    },
  };
}

/** CloudEvents headers as on the event streams; the source is the account's ledger, not a call. */
function message(id: string, type: string, accountId: string, atMs: bigint, event: NonNullable<LedgerEvent['event']>): StoredMessage {
  const time = new Date(Number(atMs));
  const traceparent = currentTraceparent();
  return {
    subject: ledgerSubject(accountId),
    headers: {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': `/${accountId}/ledger`,
      'ce-type': type,
      'ce-time': time.toISOString(),
      'ce-dataschema': 'parley.billing.v1.LedgerEvent',
      'content-type': 'application/protobuf',
      [messageIdHeader]: id,
      ...(traceparent === undefined ? {} : { [traceparentHeader]: traceparent }),
    },
    payload: LedgerEvent.encode({ accountId, time, event }).finish(),
  };
}
