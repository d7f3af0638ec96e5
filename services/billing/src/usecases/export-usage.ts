import { usageOfCall, usageOfEntry, type UsageRow } from '../domain/usage.ts';
import { entryIdOf } from '../domain/wallet.ts';
import type { ChargeRecord, ChargeStore } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

export interface ExportCommand {
  readonly accountId: string;
  readonly rows: 'calls' | 'entries';
  /** Half-open, Unix time in ms. */
  readonly fromMs: bigint;
  readonly toMs: bigint;
}

/** Rows that belong together, and how far the export has come. */
export interface ExportedRows {
  readonly rows: readonly UsageRow[];
  readonly lookedAt: number;
  /** Of when the export began: the ledger may have grown meanwhile. */
  readonly total: number;
}

const batchSize = 100;

/**
 * The usage of an account: each settled call by when it ended, or each ledger entry by its time, wallet by wallet in the order of
 * the ledger. A batch at a time, so that an account of any size takes no more memory; a batch may have no row, and tells how far it is.
 */
export function createExportUsage({ charges, wallets }: { charges: ChargeStore; wallets: WalletStore }): (command: ExportCommand) => AsyncGenerator<ExportedRows> {
  return ({ accountId, rows, fromMs, toMs }) => {
    const batches = rows === 'calls' ? callsOf(charges, accountId) : entriesOf(wallets, accountId);
    return within(batches, fromMs, toMs);
  };
}

async function* within(batches: AsyncGenerator<ExportedRows>, fromMs: bigint, toMs: bigint): AsyncGenerator<ExportedRows> {
  for await (const batch of batches) yield { ...batch, rows: batch.rows.filter(({ atMs }) => fromMs <= atMs && atMs < toMs) };
}

async function* callsOf(charges: ChargeStore, accountId: string): AsyncGenerator<ExportedRows> {
  const total = await charges.countOf(accountId);
  let lookedAt = 0;
  let rows: UsageRow[] = [];
  for await (const record of charges.ofAccount(accountId)) {
    lookedAt += 1;
    rows.push(...callRows(record));
    if (lookedAt % batchSize > 0) continue;
    yield { rows, lookedAt, total };
    rows = [];
  }
  yield { rows, lookedAt, total };
}

function callRows({ callId, charge, attributes, lastCause }: ChargeRecord): UsageRow[] {
  if (charge.status !== 'settled' || attributes === undefined) return [];
  return [usageOfCall(callId, attributes, charge, charge.observed.completedMs ?? lastCause.atMs)];
}

async function* entriesOf(wallets: WalletStore, accountId: string): AsyncGenerator<ExportedRows> {
  const all = await wallets.ofAccount(accountId);
  const total = all.reduce((sum, { nextEntry }) => sum + Number(nextEntry), 0);
  let lookedAt = 0;
  for (const { walletId, nextEntry } of all) {
    for (let from = 0n; from < nextEntry; from += BigInt(batchSize)) {
      const entries = await wallets.entries(walletId, from, Math.min(batchSize, Number(nextEntry - from)));
      lookedAt += entries.length;
      yield { rows: entries.map((entry) => usageOfEntry(entryIdOf(entry), entry)), lookedAt, total };
    }
  }
  if (total === 0) yield { rows: [], lookedAt, total };
}
