import { parleyError } from '@parley/errors';
import type { SettledCharge } from '../domain/charge.ts';
import { correctionHoldOf } from '../domain/correction.ts';
import type { WalletStore } from './wallet-store.ts';

/** What one command holds for a correction that takes money, while it tries to write it. */
export interface CorrectionHold {
  /**
   * Holds the money, so that what is decided next is covered whatever else the wallet is asked meanwhile. It is held under the
   * number that the correction's event will have: whoever gets that number uses it, and gives back the rest with it.
   * @throws ParleyError `wallet.insufficient_balance`
   */
  take(charge: SettledCharge, micros: bigint): Promise<void>;
  /** Gives back what an earlier attempt held, if another correction has its number by now. */
  dropStale(charge: SettledCharge): Promise<void>;
}

/** @param atMs Unix time of the command, in ms */
export function createCorrectionHold(wallets: WalletStore, atMs: bigint): CorrectionHold {
  let held: string | undefined;
  return {
    take: async ({ callId, accountId, terms: { walletId, policy }, published }, micros) => {
      const holdId = correctionHoldOf(callId, published.nextSequence);
      // Two attempts at the same number share the hold. It reaches as far as its amount, so that it only grows.
      const steps = [{ untilMs: micros, coverMicros: micros }];
      const answer = await wallets.hold({ walletId, accountId }, { callId: holdId, currency: policy.terms.currency, steps, postedMicros: 0n, atMs });
      if (answer === undefined || answer.isShort) throw parleyError('wallet.insufficient_balance', 'the balance does not cover the difference');
      held = holdId;
    },
    dropStale: async ({ callId, terms, published }) => {
      if (held === undefined || held === correctionHoldOf(callId, published.nextSequence)) return;
      await wallets.release(terms.walletId, held, atMs);
      held = undefined;
    },
  };
}
