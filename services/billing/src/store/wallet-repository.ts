import { parleyError } from '@parley/errors';
import { createOutboxRepository, type OutboxDocument } from '@parley/store';
import type { Db } from 'mongodb';
import { setCreditLimit, type CreditLimitChange } from '../domain/credit-limit.ts';
import { availableMicros, emptyWallet, hold, post, release, type HoldAnswer, type LedgerEntry, type Posting, type Wallet } from '../domain/wallet.ts';
import type { WalletOwner, WalletStore } from '../usecases/wallet-store.ts';
import { createCreditLimitRepository } from './credit-limit-repository.ts';
import type { LedgerRepository } from './ledger-repository.ts';
import { createSerialLanes } from './serial-lanes.ts';
import { sha256 } from './sha256.ts';

/** `_id` is the wallet id: balance, holds and the next entry's number are one document, so that one write changes all. */
export interface WalletDocument extends OutboxDocument<WalletNews> {
  readonly wallet: Wallet;
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

export function createWalletRepository(db: Db, ledger: LedgerRepository, publisher: WalletPublisher): WalletStore {
  const limits = createCreditLimitRepository(db);
  const repository = createOutboxRepository<WalletDocument>(db.collection('wallets'), {
    publish: async (news) => {
      if (isEntry(news)) {
        await ledger.insert(news);
        await publisher.entryPosted(news);
      } else {
        await limits.insert(news);
        await publisher.creditLimitSet(news);
      }
    },
  });
  const lanes = createSerialLanes();
  const change = (walletId: string, decide: (wallet: Wallet | undefined) => Promise<{ wallet: Wallet; news?: WalletNews[] } | undefined>) =>
    lanes.run(walletId, () =>
      repository.mutate(walletId, async (before) => {
        const next = await decide(before?.wallet);
        return next && { _id: walletId, wallet: next.wallet, outbox: next.news ?? [] };
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
        return { wallet: posted.wallet, news: [posted.entry] };
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
    setCreditLimit: async (command) => {
      const { walletId, requestId } = command;
      const after = await change(walletId, async (before) => {
        // As in `post`: the outbox of whoever loads the wallet was run.
        if (before !== undefined && (await limits.isKnown(walletId, requestId))) return undefined;
        const { wallet, change } = setCreditLimit(before, command);
        return { wallet, news: [change] };
      });
      return after!.wallet;
    },
    release: async (walletId, callId) => {
      await change(walletId, async (before) => (before?.holds[callId] === undefined ? undefined : { wallet: release(before, callId) }));
    },
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

function opened({ walletId, accountId }: WalletOwner, { reason, currency }: Posting): Wallet {
  if (reason !== 'top_up') throw parleyError('not_found.wallet', 'no such wallet');
  return emptyWallet(walletId, accountId, currency);
}

/** @returns undefined: nothing is to be changed. */
function sameCommand(entry: LedgerEntry, posting: Posting): undefined {
  const isSame = (['reason', 'currency', 'amountMicros', 'callId'] as const).every((field) => entry[field] === posting[field]);
  if (!isSame) throw parleyError('request.idempotency_conflict', 'the key was used before for another posting');
}
