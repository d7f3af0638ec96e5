import { parleyError } from '@parley/errors';
import { walletHolderOf } from '../domain/address.ts';
import type { Dispute, DisputeChange } from '../domain/correction.ts';
import type { CreditLimitChange } from '../domain/credit-limit.ts';
import { chargedMicrosOf, chargeKeyOf, hostMicrosOf, isManual, type LedgerEntry } from '../domain/ledger-entry.ts';
import { disputedChargeId } from '../domain/dispute.ts';
import { rebook, relimit } from '../domain/rebooked-wallet.ts';
import { emptyWallet, entryIdOf, type Wallet } from '../domain/wallet.ts';
import type { CreditLimitRepository } from '../store/credit-limit-repository.ts';
import type { LedgerRepository } from '../store/ledger-repository.ts';
import type { RebuiltDatabase, RebuiltPolicy } from '../store/rebuilt-database.ts';
import { sha256 } from '../store/sha256.ts';
import { policyContent } from '../usecases/create-policy.ts';
import type { LedgerCommand, PolicyCommand } from '../usecases/ledger-commands.ts';
import type { RequestStore } from '../usecases/request-store.ts';
import { creditLimitContent } from '../usecases/set-credit-limit.ts';
import { topUpContent } from '../usecases/top-up-wallet.ts';
import { afterStep, stepContent } from './rebuild-disputes.ts';
import type { PolicyOf } from './untold-correction.ts';

export interface RebuiltLedger {
  readonly entries: number;
  readonly wallets: number;
  readonly policies: number;
  readonly policyOf: PolicyOf;
  /** By `chargeKeyOf`. */
  readonly charged: ReadonlyMap<string, ChargedCall>;
  /** By id of the charge. */
  readonly disputes: ReadonlyMap<string, readonly Dispute[]>;
}

/** What a call was charged by its entries. */
export interface ChargedCall {
  readonly micros: bigint;
  /** What of that is the host's. */
  readonly hostMicros: bigint;
  /** The last entry. */
  readonly last: Pick<LedgerEntry, 'reason' | 'causeId' | 'atMs' | 'basis'>;
  /** Entries of what was done by hand, by id. */
  readonly byHand: ReadonlyMap<string, LedgerEntry>;
}

export interface RebuildLedgerPorts {
  readonly database: RebuiltDatabase;
  readonly ledger: LedgerRepository;
  readonly limits: CreditLimitRepository;
  readonly requests: RequestStore;
  readonly readLedger: (onCommand: (command: LedgerCommand) => Promise<void>) => Promise<void>;
  readonly onProgress: (text: string) => void;
}

/** How many entries are written at a time. */
const batchSize = 50;
const progressEach = 10_000;

interface State {
  readonly wallets: Map<string, Wallet>;
  readonly policies: Map<string, RebuiltPolicy>;
  readonly defaults: Map<string, { readonly policyId: string; readonly rev: number }>;
  readonly charged: Map<string, ChargedCall>;
  readonly disputes: Map<string, readonly Dispute[]>;
  entries: number;
  /** Of the batch. */
  writes: (() => Promise<void>)[];
}

/**
 * Fills entries, keys, wallets, policies, default policies and the contents of requests from the LEDGER stream. Each entry is
 * booked again, so that a stream that is not whole is noticed. Holds one wallet, policy, sum of a call, and dispute in memory for each.
 * @throws ParleyError `rebuild.broken_stream`, `ledger.conflict`
 */
export async function rebuildLedger(ports: RebuildLedgerPorts): Promise<RebuiltLedger> {
  const state: State = { wallets: new Map(), policies: new Map(), defaults: new Map(), charged: new Map(), disputes: new Map(), entries: 0, writes: [] };
  const write = async (): Promise<void> => {
    await Promise.all(state.writes.map((run) => run()));
    state.writes = [];
  };
  await ports.readLedger(async (command) => {
    if (command.type === 'entry_posted') takeEntry(ports, state, command.accountId, command.entry);
    else if (command.type === 'credit_limit_set') takeCreditLimit(ports, state, command.change);
    else if (command.type === 'dispute_changed') takeDispute(ports, state, command.change);
    else takePolicyCommand(ports, state, command);
    if (state.writes.length >= batchSize) await write();
  });
  await write();
  const { database } = ports;
  for (const wallet of state.wallets.values()) await database.putWallet(wallet);
  for (const policy of state.policies.values()) await database.putPolicy(policy);
  for (const [accountId, { policyId, rev }] of state.defaults) await database.putDefaultPolicy(accountId, policyId === '' ? undefined : policyId, rev);
  return { entries: state.entries, wallets: state.wallets.size, policies: state.policies.size, policyOf: policyIn(state), charged: state.charged, disputes: state.disputes };
}

function policyIn({ policies }: State): PolicyOf {
  return (accountId, policyId, version) => {
    const found = policies.get(`${accountId}/${policyId}`)?.versions.find((one) => one.version === version);
    return found && { policyId, version, terms: found.terms };
  };
}

function takeEntry({ ledger, requests, onProgress }: RebuildLedgerPorts, state: State, accountId: string, entry: LedgerEntry): void {
  const { walletId, currency, callId, causeId, reason, amountMicros, bucket } = entry;
  const wallet = state.wallets.get(walletId) ?? emptyWallet(walletId, accountId, currency);
  // One that was published again is inserted again, which says whether it is the same.
  state.writes.push(() => ledger.insert(entry));
  if (entry.number < wallet.nextEntry) return;
  state.wallets.set(walletId, rebook(wallet, entry, sha256));
  state.entries += 1;
  if (state.entries % progressEach === 0) onProgress(`${state.entries} entries`);
  const key = chargeKeyOf(entry);
  if (callId !== '') state.charged.set(key, chargedWith(state.charged.get(key), entry));
  if (reason !== 'top_up') return;
  state.writes.push(() => requests.claim(accountId, causeId, topUpContent(walletHolderOf(walletId).holder, { currency, micros: amountMicros }, bucket)));
}

/** What is done by hand does not say how the call was charged before. */
function chargedWith(before: ChargedCall | undefined, entry: LedgerEntry): ChargedCall {
  const sums = { micros: (before?.micros ?? 0n) + chargedMicrosOf(entry), hostMicros: (before?.hostMicros ?? 0n) + hostMicrosOf(entry) };
  const byHand = before?.byHand ?? new Map<string, LedgerEntry>();
  return isManual(entry.reason) ? { ...sums, last: before?.last ?? entry, byHand: new Map([...byHand, [entryIdOf(entry), entry]]) } : { ...sums, last: entry, byHand };
}

function takeCreditLimit({ limits, requests }: RebuildLedgerPorts, state: State, change: CreditLimitChange): void {
  const { walletId, accountId, currency, limitMicros, number, requestId } = change;
  const wallet = state.wallets.get(walletId) ?? emptyWallet(walletId, accountId, currency);
  state.writes.push(() => limits.insert(change));
  if (number < (wallet.credit?.changes ?? 0n)) return;
  state.wallets.set(walletId, relimit(wallet, change));
  state.writes.push(() => requests.claim(accountId, requestId, creditLimitContent(walletHolderOf(walletId).holder, { currency, micros: limitMicros })));
}

function takeDispute({ requests }: RebuildLedgerPorts, { disputes, writes }: State, change: DisputeChange): void {
  const { accountId, dispute, requestId } = change;
  const chargeId = disputedChargeId(dispute.disputeId) ?? '';
  disputes.set(chargeId, afterStep(disputes.get(chargeId) ?? [], dispute));
  writes.push(() => requests.claim(accountId, requestId, stepContent(change)));
}

function takePolicyCommand({ requests }: RebuildLedgerPorts, state: State, command: PolicyCommand): void {
  const { accountId, id } = command;
  if (command.type === 'default_policy_set') {
    const rev = Number(id.split('/').at(-1));
    if (rev >= (state.defaults.get(accountId)?.rev ?? 0)) state.defaults.set(accountId, { policyId: command.policyId, rev });
    return;
  }
  const { requestId, atMs, policy: { policyId, version, terms } } = command;
  const known = state.policies.get(`${accountId}/${policyId}`)?.versions ?? [];
  if (version <= known.length) return;
  if (version !== known.length + 1) throw parleyError('rebuild.broken_stream', `version ${known.length + 1} of policy ${policyId} is not on the LEDGER stream`);
  state.policies.set(`${accountId}/${policyId}`, { accountId, policyId, versions: [...known, { version, terms, requestId, atMs }] });
  state.writes.push(() => requests.claim(accountId, requestId, policyContent(version === 1 ? '' : policyId, terms)));
}
