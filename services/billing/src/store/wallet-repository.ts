import { parleyError } from '@parley/errors';
import { createOutboxRepository, storeErrors, type OutboxDocument } from '@parley/store';
import type { Db } from 'mongodb';
import { availableMicros, emptyWallet, hold, post, release, type HoldAnswer, type LedgerEntry, type Posting, type Wallet } from '../domain/wallet.ts';
import type { WalletOwner, WalletStore } from '../usecases/wallet-store.ts';
import type { LedgerRepository } from './ledger-repository.ts';
import { createSerialLanes } from './serial-lanes.ts';
import { sha256 } from './sha256.ts';

/** `_id` is the wallet id: balance, holds and the next entry's number are one document, so that one write changes all. */
interface WalletDocument extends OutboxDocument<LedgerEntry> {
  readonly wallet: Wallet;
}

/** @param publishEntry tells of an entry on the LEDGER stream; may be called again for the same. */
export function createWalletRepository(db: Db, ledger: LedgerRepository, publishEntry: (entry: LedgerEntry) => Promise<void>): WalletStore {
  const collection = db.collection<WalletDocument>('wallets');
  const repository = createOutboxRepository<WalletDocument>(collection, {
    publish: async (entry) => {
      await ledger.insert(entry);
      await publishEntry(entry);
    },
  });
  const lanes = createSerialLanes();
  const change = (walletId: string, decide: (wallet: Wallet | undefined) => Promise<{ wallet: Wallet; entries?: LedgerEntry[] } | undefined>) =>
    lanes.run(walletId, () =>
      repository.mutate(walletId, async (before) => {
        const next = await decide(before?.wallet);
        return next && { _id: walletId, wallet: next.wallet, outbox: next.entries ?? [] };
      }),
    );
  return {
    find: async (walletId) => (await repository.find(walletId))?.wallet,
    post: async (owner, posting) => {
      let entry: LedgerEntry | undefined;
      const after = await change(owner.walletId, async (before) => {
        // Whoever loads a wallet to change it has run its outbox: each key that it ever had is in the collection by now, and
        // one that comes in between makes this write fail.
        entry = before && (await ledger.findByKey(owner.walletId, posting.key));
        if (entry !== undefined) return sameCommand(entry, posting);
        const posted = post(before ?? opened(owner, posting), posting, sha256);
        entry = posted.entry;
        return { wallet: posted.wallet, entries: [posted.entry] };
      });
      return { wallet: after!.wallet, entry: entry! };
    },
    hold: async ({ walletId, accountId }, request, onlyExtend = false) => {
      let answer: HoldAnswer | undefined;
      await change(walletId, async (before) => {
        answer = undefined;
        if (onlyExtend && before?.holds[request.callId] === undefined) return undefined;
        const wallet = before ?? emptyWallet(walletId, accountId, request.currency);
        answer = hold(wallet, request);
        return answer.wallet === wallet ? undefined : { wallet: answer.wallet };
      });
      return answer && { grantedMs: answer.grantedMs, isShort: answer.isShort, availableMicros: availableMicros(answer.wallet) };
    },
    release: async (walletId, callId) => {
      await change(walletId, async (before) => (before?.holds[callId] === undefined ? undefined : { wallet: release(before, callId) }));
    },
    entryOf: async (walletId, key) => {
      await repository.load(walletId);
      return ledger.findByKey(walletId, key);
    },
    entries: async (walletId, fromNumber, limit) => {
      const wallet = (await repository.load(walletId))?.wallet;
      const count = Math.min(limit, Math.max(0, Number((wallet?.nextEntry ?? 0n) - fromNumber)));
      return ledger.read(walletId, Array.from({ length: count }, (_, index) => fromNumber + BigInt(index)));
    },
    ofAccount: (accountId) =>
      storeErrors(async () => {
        const found = await collection.find({ 'wallet.accountId': accountId }).sort({ _id: 1 }).toArray();
        return found.map(({ wallet: { walletId, nextEntry } }) => ({ walletId, nextEntry }));
      }),
    publishLeft: async () => {
      await repository.publishPending();
    },
  };
}

function opened({ walletId, accountId }: WalletOwner, { reason, currency }: Posting): Wallet {
  if (reason !== 'top_up') throw parleyError('not_found.wallet', 'no such wallet');
  return emptyWallet(walletId, accountId, currency);
}

/** @returns undefined: nothing is to be changed. */
function sameCommand(entry: LedgerEntry, posting: Posting): undefined {
  const amountMicros = posting.amountMicros < 0n ? -posting.amountMicros : posting.amountMicros;
  const isSame = (['reason', 'currency', 'callId'] as const).every((field) => entry[field] === posting[field]) && entry.amountMicros === amountMicros;
  if (!isSame) throw parleyError('request.idempotency_conflict', 'the key was used before for another posting');
}
