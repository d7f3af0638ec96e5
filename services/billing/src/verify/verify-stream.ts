import type { Db } from 'mongodb';
import { firstDifference } from '../domain/first-difference.ts';
import { entryIdOf, type LedgerEntry } from '../domain/wallet.ts';
import { createLedgerRepository } from '../store/ledger-repository.ts';
import { isEntry, type WalletDocument } from '../store/wallet-repository.ts';
import type { LedgerCommand } from '../usecases/ledger-commands.ts';

export interface StreamReport {
  /** On the stream, each once. */
  readonly entries: number;
  /** What is in one and not in the other, or not the same; the first thousand. */
  readonly faults: readonly string[];
}

export type ReadLedger = (onCommand: (command: LedgerCommand) => Promise<void>) => Promise<void>;

const faultLimit = 1_000;
/** Entries that are looked up at a time. */
const batchSize = 50;

/**
 * Holds the ledger against the LEDGER stream, entry by entry: whoever can write the whole database can compute a whole chain
 * anew, and has to write the stream, too. What a wallet's outbox holds need not be on the stream yet.
 */
export async function verifyStream(db: Db, readLedger: ReadLedger, onProgress: (text: string) => void = () => undefined): Promise<StreamReport> {
  const ledger = createLedgerRepository(db);
  const seen = new Map<string, Seen>();
  const faults: string[] = [];
  const fault = (text: string): void => {
    if (faults.length < faultLimit) faults.push(text);
  };
  const compare = async (entry: LedgerEntry): Promise<string[]> => {
    const [stored] = await ledger.read(entry.walletId, [entry.number]);
    return faultsOf(stored, entry).map((text) => `${entryIdOf(entry)}: ${text}`);
  };
  let batch: LedgerEntry[] = [];
  let entries = 0;
  const compareBatch = async (): Promise<void> => {
    const found = await Promise.all(batch.map(compare));
    found.flat().forEach(fault);
    batch = [];
  };
  await readLedger(async (command) => {
    if (command.type !== 'entry_posted') return;
    const { entry } = command;
    const known = seen.get(entry.walletId) ?? newSeen();
    seen.set(entry.walletId, known);
    if (see(known, entry.number)) entries += 1;
    batch.push(entry);
    if (batch.length < batchSize) return;
    await compareBatch();
    if (entries % 10_000 < batchSize) onProgress(`${entries} entries of the LEDGER stream`);
  });
  await compareBatch();
  for await (const { wallet: { walletId, nextEntry }, pending, outbox } of db.collection<WalletDocument>('wallets').find()) {
    const owed = new Set(pending ? outbox.filter(isEntry).map(({ number }) => number) : []);
    for (const number of unseen(seen.get(walletId) ?? newSeen(), nextEntry)) {
      if (!owed.has(number)) fault(`${entryIdOf({ walletId, number })}: the database has it, and the LEDGER stream does not`);
    }
  }
  return { entries, faults };
}

function faultsOf(stored: LedgerEntry | undefined, told: LedgerEntry): string[] {
  if (stored === undefined) return ['the LEDGER stream has it, and the database does not'];
  if (stored.hash !== told.hash) return ['its hash is not the one that the LEDGER stream has'];
  const difference = firstDifference(stored, told);
  return difference === undefined ? [] : [`by the LEDGER stream its ${difference}`];
}

/** Which numbers of a wallet's entries were read: all below `next` but the gaps. They come in order, but for repeats. */
interface Seen {
  next: bigint;
  readonly gaps: Set<bigint>;
}

function newSeen(): Seen {
  return { next: 0n, gaps: new Set() };
}

/** @returns whether it was not seen before. */
function see(seen: Seen, number: bigint): boolean {
  if (number < seen.next) return seen.gaps.delete(number);
  for (let missing = seen.next; missing < number; missing += 1n) seen.gaps.add(missing);
  seen.next = number + 1n;
  return true;
}

function* unseen({ next, gaps }: Seen, end: bigint): Generator<bigint> {
  yield* [...gaps].filter((number) => number < end);
  for (let number = next; number < end; number += 1n) yield number;
}
