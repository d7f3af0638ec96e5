import { createHash } from 'node:crypto';
import { entryIdOf, post, type LedgerEntry, type Wallet } from '../../../../services/billing/src/domain/wallet.ts';
import { progress } from '../report.ts';
import type { Measured } from '../result-row.ts';
import { authorisedCalls, consume } from './calls.ts';
import { accountId, holders, type MeasuredBilling } from './system.ts';

const holder = holders[0]!;
const sizes = [1_000, 100_000] as const;
const repetitions = 5;
const callsOfARepetition = 12;
const entriesAtATime = 2_000;
/** A ledger a hundred times as long costs the same, but for what the database needs to find an id. */
const timesAsMuch = { atMost: 1.3 };

/** What an event costs when the wallet, and the collection, has so many entries. */
export async function measureLedgerSize(parts: MeasuredBilling): Promise<Measured[]> {
  const costs: number[][] = [];
  for (const size of sizes) {
    progress(`a ledger of ${size} entries`);
    await fill(parts, size);
    // The first is not counted.
    await eventMs(parts);
    const ofSize: number[] = [];
    for (let nth = 0; nth < repetitions; nth += 1) ofSize.push(await eventMs(parts));
    costs.push(ofSize);
  }
  return [{ name: 'an event with 100,000 entries in the wallet, by the same with 1,000', unit: 'ms', values: costs[1]!, baselines: costs[0]!, goal: timesAsMuch }];
}

async function eventMs(parts: MeasuredBilling): Promise<number> {
  const calls = await authorisedCalls(parts, callsOfARepetition, [holder]);
  return (await consume(parts, calls)) / calls.rounds.flat().length;
}

interface WalletDocument {
  readonly _id: string;
  readonly wallet: Wallet;
  readonly pending: boolean;
}

/** Adds top-ups to the wallet until it has so many entries, chained as billing chains them; nothing is charged meanwhile. */
async function fill({ db }: MeasuredBilling, size: number): Promise<void> {
  const wallets = db.collection<WalletDocument>('wallets');
  const _id = `${accountId}/${holder.address}`;
  let { wallet } = (await wallets.findOne({ _id }))!;
  while (wallet.nextEntry < BigInt(size)) {
    const entries: LedgerEntry[] = [];
    while (entries.length < entriesAtATime && wallet.nextEntry < BigInt(size)) {
      const key = `topup/seed-${wallet.nextEntry}`;
      const posted = post(wallet, { key, currency: 'EUR', amountMicros: 1n, reason: 'top_up', causeId: key, callId: '', atMs: 0n }, sha256);
      wallet = posted.wallet;
      entries.push(posted.entry);
    }
    await db.collection<{ _id: string }>('ledger_entries').insertMany(entries.map((entry) => ({ _id: entryIdOf(entry), ...entry })));
    await db.collection<{ _id: string }>('ledger_keys').insertMany(entries.map(({ walletId, key, number }) => ({ _id: `${walletId}/${key}`, number })));
  }
  // As a writer of its own, so that one that knows the wallet reads it anew.
  await wallets.updateOne({ _id }, { $set: { wallet, outbox: [], pending: false }, $inc: { rev: 1 } });
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
