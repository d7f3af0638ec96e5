import type { DisputeChange } from '../domain/correction.ts';
import type { LedgerEntry } from '../domain/wallet.ts';
import type { EventEffect, RunEffect } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

export interface BillingEventPublisher {
  /** Publishes a billing event of the call; `entry` is the ledger entry that it tells of. Resolves once it is stored. */
  publish(effect: EventEffect, entry: LedgerEntry | undefined): Promise<void>;
}

export interface DisputePublisher {
  /** Tells of a step of a dispute. Resolves once it is stored. */
  disputeChanged(change: DisputeChange): Promise<void>;
}

/**
 * Runs what follows from a change of a charge. Order of the writes, and what a crash after each leaves behind:
 *
 * 1. The charge document: what is charged is decided, with the key of each posting. Before it nothing has happened and the
 *    event is applied again; after it the charge is owed, and whoever loads the document goes on here.
 * 2. The wallet document: balance, hold and the numbered double entry with its key, in one write. A repeat finds the key.
 * 3. The entry, then the key, then the LEDGER event, from the wallet's outbox. An entry has its number and a key its
 *    entry, so that a repeat inserts nothing new.
 * 4. billing.charged, with the entry's id. Its id is that of its sequence, so that a repeat is the same event.
 *
 * The decision comes first because only there is it known which cells are owed: a wallet that was charged first would hold
 * entries that, after a crash, nobody decided. The event comes last, so that it never tells of an entry that is not there.
 */
export function createRunEffect(wallets: WalletStore, events: BillingEventPublisher, disputes: DisputePublisher): RunEffect {
  return async (effect) => {
    if (effect.kind === 'release') return wallets.release(effect.walletId, effect.holdId ?? effect.callId, effect.atMs ?? 0n);
    if (effect.kind === 'dispute') return disputes.disputeChanged(effect);
    const posted = effect.posting && (await wallets.post(effect, effect.posting));
    await events.publish(effect, posted?.entry);
  };
}
