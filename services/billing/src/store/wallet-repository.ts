import { parleyError } from '@parley/errors';
import { createOutboxRepository, storeErrors, type OutboxDocument } from '@parley/store';
import type { Collection, Db } from 'mongodb';
import { setCreditLimit, type CreditLimitChange } from '../domain/credit-limit.ts';
import { availableMicros, emptyWallet, expire, hold, post, release, withoutExpired, type HoldAnswer, type LedgerEntry, type Posting, type Wallet } from '../domain/wallet.ts';
import type { WalletOwner, WalletStore } from '../usecases/wallet-store.ts';
import { createCreditLimitRepository, type CreditLimitRepository } from './credit-limit-repository.ts';
import type { LedgerRepository } from './ledger-repository.ts';
import { createSerialLanes } from './serial-lanes.ts';
import { sha256 } from './sha256.ts';

/** `_id` is the wallet id: balance, holds and the next entry's number are one document, so that one write changes all. */
export interface WalletDocument extends OutboxDocument<WalletNews> {
  readonly wallet: Wallet;
  /** Something is held for a call. Indexed; documents of before it are without, until they are changed. */
  readonly isHolding?: boolean;
}

interface Change {
  readonly wallet: Wallet;
  readonly news?: readonly WalletNews[];
}

/** What a change of a wallet adds to what is kept for good. */
export type WalletNews = LedgerEntry | CreditLimitChange;

/** Tells on the LEDGER stream; may be called again for the same. */
export interface WalletPublisher {
  entryPosted(entry: LedgerEntry): Promise<void>;
  creditLimitSet(change: CreditLimitChange): Promise<void>;
}

export function isEntry(news: WalletNews): news is LedgerEntry {
  return 'amountMicros' in news;
}

/** As a wallet is written, its outbox aside. */
export function toDocument(wallet: Wallet): Pick<WalletDocument, '_id' | 'wallet' | 'isHolding'> {
  return { _id: wallet.walletId, wallet, isHolding: Object.keys(wallet.holds).length > 0 };
}

export function createWalletRepository(db: Db, ledger: LedgerRepository, publisher: WalletPublisher): WalletStore {
  const limits = createCreditLimitRepository(db);
  const collection = db.collection<WalletDocument>('wallets');
  const repository = createOutboxRepository<WalletDocument>(collection, {
    publish: (news) => keepAndTell(news, { ledger, limits, publisher }),
  });
  const lanes = createSerialLanes();
  // What has expired by the time of the change goes first, and what the change sets free goes with it, in the same write.
  // Without a change nothing is booked.
  const change = (walletId: string, atMs: bigint, decide: (wallet: Wallet | undefined) => Promise<Change | undefined>) =>
    lanes.run(walletId, () =>
      repository.mutate(walletId, async (before) => {
        const due = before && expire(before.wallet, atMs, sha256);
        const next = await decide(due?.wallet);
        if (next === undefined) return undefined;
        const freed = expire(next.wallet, atMs, sha256);
        return { ...toDocument(freed.wallet), outbox: [...(due?.entries ?? []), ...(next.news ?? []), ...freed.entries] };
      }),
    );
  const findPosting = async (walletId: string, posting: Posting): Promise<LedgerEntry[]> => {
    const parts = await ledger.findPosting(walletId, posting.key);
    if (parts.length === 0 || sumOf(parts) >= amountOf(posting)) return parts;
    // Somebody may be writing its other entries just now. Whoever loads the wallet has written them all.
    await repository.load(walletId);
    return ledger.findPosting(walletId, posting.key);
  };
  return {
    find: async (walletId) => (await repository.find(walletId))?.wallet,
    post: async (owner, posting) => {
      let entry: LedgerEntry | undefined;
      const after = await change(owner.walletId, posting.atMs, async (before) => {
        // Whoever loads a wallet to change it has run its outbox: each key that it ever had is in the collection by now, and
        // one that comes in between makes this write fail.
        const known = before === undefined ? [] : await findPosting(owner.walletId, posting);
        if (known.length > 0) {
          entry = sameCommand(known, posting);
          return undefined;
        }
        const { wallet, entry: first, entries } = post(before ?? opened(owner, posting), posting, sha256);
        entry = first;
        return { wallet, news: entries };
      });
      return { wallet: after!.wallet, entry: entry! };
    },
    hold: async ({ walletId, accountId }, request, onlyExtend = false) => {
      let answer: HoldAnswer | undefined;
      const after = await change(walletId, request.atMs, async (before) => {
        answer = undefined;
        if (onlyExtend && before?.holds[request.callId] === undefined) return undefined;
        const wallet = before ?? emptyWallet(walletId, accountId, request.currency);
        answer = hold(wallet, request);
        return answer.wallet === wallet ? undefined : { wallet: answer.wallet };
      });
      const left = after === undefined ? 0n : availableMicros(withoutExpired(after.wallet, request.atMs));
      return answer && { grantedMs: answer.grantedMs, isShort: answer.isShort, availableMicros: left };
    },
    setCreditLimit: async (command) => {
      const { walletId, requestId, atMs } = command;
      const after = await change(walletId, atMs, async (before) => {
        // As in `post`: the outbox of whoever loads the wallet was run.
        if (before !== undefined && (await limits.isKnown(walletId, requestId))) return undefined;
        const { wallet, change } = setCreditLimit(before, command);
        return { wallet, news: [change] };
      });
      return after!.wallet;
    },
    release: async (walletId, callId, atMs) => {
      await change(walletId, atMs, async (before) => (before?.holds[callId] === undefined ? undefined : { wallet: release(before, callId) }));
    },
    entryOf: async (walletId, key) => {
      await repository.load(walletId);
      return (await ledger.findPosting(walletId, key))[0];
    },
    ...readsOf(collection),
    entries: async (walletId, fromNumber, limit) => {
      const wallet = (await repository.load(walletId))?.wallet;
      const count = Math.min(limit, Math.max(0, Number((wallet?.nextEntry ?? 0n) - fromNumber)));
      return ledger.read(walletId, Array.from({ length: count }, (_, index) => fromNumber + BigInt(index)));
    },
    publishLeft: async () => {
      await repository.publishPending();
    },
  };
}

/** What is read of many wallets. */
function readsOf(collection: Collection<WalletDocument>): Pick<WalletStore, 'holding' | 'ofAccount'> {
  return {
    holding: async function* () {
      for await (const { wallet } of collection.find({ isHolding: true })) yield wallet;
    },
    ofAccount: (accountId) => storeErrors(() => collection.find({ 'wallet.accountId': accountId }).sort({ _id: 1 }).map(({ wallet }) => wallet).toArray()),
  };
}

async function keepAndTell(news: WalletNews, { ledger, limits, publisher }: { ledger: LedgerRepository; limits: CreditLimitRepository; publisher: WalletPublisher }): Promise<void> {
  if (isEntry(news)) {
    await ledger.insert(news);
    await publisher.entryPosted(news);
  } else {
    await limits.insert(news);
    await publisher.creditLimitSet(news);
  }
}

function opened({ walletId, accountId }: WalletOwner, { reason, currency }: Posting): Wallet {
  if (reason !== 'top_up') throw parleyError('not_found.wallet', 'no such wallet');
  return emptyWallet(walletId, accountId, currency);
}

/** @returns the first entry of a posting that was booked before. */
function sameCommand(parts: readonly LedgerEntry[], posting: Posting): LedgerEntry {
  const first = parts[0]!;
  const isSame = (['reason', 'currency', 'callId'] as const).every((field) => first[field] === posting[field]) && sumOf(parts) === amountOf(posting);
  if (!isSame) throw parleyError('request.idempotency_conflict', 'the key was used before for another posting');
  return first;
}

/** Entries say by their sides which way the money went. */
function amountOf({ amountMicros }: Posting): bigint {
  return amountMicros < 0n ? -amountMicros : amountMicros;
}

function sumOf(entries: readonly LedgerEntry[]): bigint {
  return entries.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}
