import { parleyError } from '@parley/errors';
import { changePart } from './bucket.ts';
import type { CreditLimitChange } from './credit-limit.ts';
import { shareFaults } from './host-share.ts';
import { entryEncodingOf, genesisHash, isCredit, signedMicros, type Digest, type LedgerEntry } from './ledger-entry.ts';
import { entryIdOf, sidesOf, type Wallet } from './wallet.ts';

/**
 * The wallet after an entry that was booked before and is booked again.
 * @throws ParleyError `rebuild.broken_stream` if the entry is not the next one, or does not follow from those before it.
 */
export function rebook(before: Wallet, entry: LedgerEntry, digest: Digest): Wallet {
  const { number, hash, previousHash, balanceAfterMicros, debitAccount, creditAccount } = entry;
  if (number !== before.nextEntry) throw broken(entry, `entry ${before.nextEntry} should come here`);
  const wallet = { ...changePart(before, entry.bucket, signedMicros(entry)), nextEntry: number + 1n };
  const sides = sidesOf(entry.reason, before, isCredit(entry));
  if (debitAccount !== sides.debitAccount || creditAccount !== sides.creditAccount) throw broken(entry, `it is from ${debitAccount} to ${creditAccount}`);
  if (wallet.balanceMicros !== balanceAfterMicros) throw broken(entry, `the balance after it is ${balanceAfterMicros}, and should be ${wallet.balanceMicros}`);
  const [fault] = shareFaults(entry);
  if (fault !== undefined) throw broken(entry, fault);
  // Of before the chain.
  if (hash === undefined) return wallet;
  const { hash: _hash, ...hashed } = entry;
  if (previousHash !== (before.headHash ?? genesisHash) || hash !== digest(entryEncodingOf(hashed))) throw broken(entry, 'its hash does not follow');
  return { ...wallet, headHash: hash, firstChained: before.firstChained ?? number };
}

/**
 * The wallet after a change of its credit limit that was made before.
 * @throws ParleyError `rebuild.broken_stream` if it is not the next one.
 */
export function relimit(wallet: Wallet, { walletId, number, limitMicros }: CreditLimitChange): Wallet {
  const next = wallet.credit?.changes ?? 0n;
  if (number !== next) throw parleyError('rebuild.broken_stream', `change ${next} of the credit limit of ${walletId} is not on the LEDGER stream`);
  return { ...wallet, credit: { limitMicros, changes: number + 1n } };
}

function broken(entry: LedgerEntry, why: string): Error {
  return parleyError('rebuild.broken_stream', `${entryIdOf(entry)}, on the LEDGER stream: ${why}`);
}
