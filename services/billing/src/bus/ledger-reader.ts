import { ledgerFilter, ledgerStream, readToEnd, type Bus } from '@parley/bus';
import { LedgerEvent, type LedgerEntry as ProtoEntry } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { requireEntryReason, type LedgerEntry } from '../domain/ledger-entry.ts';
import type { LedgerCommand } from '../usecases/ledger-commands.ts';
import { fromPolicySnapshot } from './convert.ts';
import { fromDispute } from './dispute.ts';

/**
 * Reads the LEDGER stream, all of it, in its order. A command that was published again comes again.
 * @throws ParleyError `bus.malformed_event`
 */
export function readLedger(bus: Bus, onCommand: (command: LedgerCommand) => Promise<void>): Promise<void> {
  return readToEnd(bus, { stream: ledgerStream, filter: ledgerFilter }, (message) => onCommand(toCommand(message.headers?.get('ce-id') ?? '', LedgerEvent.decode(message.data))));
}

function toCommand(id: string, { accountId, time, event }: LedgerEvent): LedgerCommand {
  const command = { id, accountId, atMs: BigInt((time ?? malformed('it has no time')).getTime()) };
  switch (event?.$case) {
    case 'entryPosted':
      return { type: 'entry_posted', accountId, entry: fromLedgerEntry(event.value.entry ?? malformed('it has no entry'), event.value.walletId, event.value.idempotencyKey) };
    case 'policyVersionCreated':
      return { ...command, type: 'policy_version_created', policy: fromPolicySnapshot(event.value.policy), requestId: event.value.requestId };
    case 'defaultPolicySet':
      return { ...command, type: 'default_policy_set', policyId: event.value.policyId };
    case 'creditLimitSet': {
      const { walletId, limit = malformed('it has no limit'), number, nextEntry, requestId, actor } = event.value;
      return { type: 'credit_limit_set', accountId, change: { walletId, accountId, number, currency: limit.currency, limitMicros: limit.micros, nextEntry, requestId, actor, atMs: command.atMs } };
    }
    case 'disputeChanged': {
      const { callId, dispute = malformed('it has no dispute'), requestId } = event.value;
      return { type: 'dispute_changed', accountId, change: { accountId, callId, currency: dispute.amount?.currency ?? '', dispute: fromDispute(dispute), requestId } };
    }
    case undefined:
      return malformed('it says nothing that is known');
  }
}

/** As it was booked: what an entry does not say is not there, and not empty. */
function fromLedgerEntry(entry: ProtoEntry, walletId: string, key: string): LedgerEntry {
  const { number, debitAccount, creditAccount, amount, balanceAfter, reason, causeId, callId, time, policyId, actor, note, bucket, shareAccount, share, hash, previousHash } = entry;
  if (amount === undefined || balanceAfter === undefined || time === undefined) return malformed('an entry is not complete');
  return {
    number,
    walletId,
    debitAccount,
    creditAccount,
    currency: amount.currency,
    amountMicros: amount.micros,
    balanceAfterMicros: balanceAfter.micros,
    reason: requireEntryReason(reason),
    causeId,
    callId,
    atMs: BigInt(time.getTime()),
    key,
    ...(policyId === '' ? {} : { basis: { fromMs: entry.fromMs, toMs: entry.toMs, policyId, policyVersion: entry.policyVersion } }),
    ...(actor === '' ? {} : { actor }),
    ...(note === '' ? {} : { note }),
    ...(bucket === '' ? {} : { bucket }),
    ...(shareAccount === '' ? {} : { share: { account: shareAccount, amountMicros: (share ?? malformed('a share has no amount')).micros } }),
    ...(hash === '' ? {} : { previousHash, hash }),
  };
}

function malformed(why: string): never {
  throw parleyError('bus.malformed_event', `ledger event cannot be read: ${why}`);
}
