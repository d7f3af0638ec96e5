import { parleyError } from '@parley/errors';
import { firstDifference } from './first-difference.ts';
import type { Digest, LedgerEntry } from './ledger-entry.ts';
import { entryIdOf, post, type Posting, type Wallet } from './wallet.ts';

/**
 * The wallet after an entry that was booked before and is booked again, by the same function: it has to come to the same entry.
 * @throws ParleyError `rebuild.broken_stream` if the entry is not the next one, or another one follows.
 */
export function rebook(wallet: Wallet, entry: LedgerEntry, digest: Digest): Wallet {
  const { number, hash, balanceAfterMicros } = entry;
  if (number !== wallet.nextEntry) throw broken(entry, `entry ${wallet.nextEntry} should come here`);
  // Of before the chain.
  if (hash === undefined) return { ...wallet, balanceMicros: balanceAfterMicros, nextEntry: number + 1n };
  const posted = post(wallet, postingOf(entry), digest);
  const difference = firstDifference(entry, posted.entry);
  if (difference !== undefined) throw broken(entry, difference);
  return posted.wallet;
}

function postingOf(entry: LedgerEntry): Posting {
  const { number: _number, walletId: _wallet, debitAccount: _debit, creditAccount: _credit, balanceAfterMicros: _after, previousHash: _previous, hash: _hash, ...posting } = entry;
  return posting;
}

function broken(entry: LedgerEntry, why: string): Error {
  return parleyError('rebuild.broken_stream', `${entryIdOf(entry)}, on the LEDGER stream: ${why}`);
}
