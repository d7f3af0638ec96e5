import { parleyError } from '@parley/errors';
import type { SettledCharge } from '../domain/charge.ts';
import { correctionHoldOf } from '../domain/correction.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import type { HoldResult, WalletStore } from './wallet-store.ts';

/** What one command holds for a correction that takes money, while it tries to write it. */
export interface CorrectionHold {
  /**
   * Holds the money, so that what is decided next is covered whatever else the wallet is asked meanwhile. It is held under the
   * number that the correction's event will have: whoever gets that number uses it, and gives back the rest with it.
   * @returns what the wallet answers; if it is short, nothing more is held than before.
   */
  ask(charge: SettledCharge, micros: bigint): Promise<Pick<HoldResult, 'isShort' | 'availableMicros'>>;
  /**
   * The same for who cannot do without.
   * @throws ParleyError `wallet.insufficient_balance`
   */
  take(charge: SettledCharge, micros: bigint): Promise<void>;
  /** Gives back what an earlier attempt held, if another correction has its number by now. */
  dropStale(charge: SettledCharge): Promise<void>;
}

/** @param atMs Unix time of the command, in ms */
export function createCorrectionHold({ wallets, reclaimHolds }: { wallets: WalletStore; reclaimHolds: ReclaimHolds }, atMs: bigint): CorrectionHold {
  let held: string | undefined;
  const ask: CorrectionHold['ask'] = async (charge, micros) => {
    const { accountId, terms: { walletId, policy } } = charge;
    const holdId = nextHoldOf(charge);
    // Two attempts at the same number share the hold. It reaches as far as its amount, so that it only grows.
    const steps = [{ untilMs: micros, coverMicros: micros }];
    const hold = async () =>
      (await wallets.hold({ walletId, accountId }, { callId: holdId, currency: policy.terms.currency, steps, postedMicros: 0n, atMs })) ?? { isShort: true, availableMicros: 0n };
    let answer = await hold();
    if (answer.isShort && (await reclaimHolds(walletId, atMs))) answer = await hold();
    if (!answer.isShort) held = holdId;
    return answer;
  };
  return {
    ask,
    take: async (charge, micros) => {
      const { isShort } = await ask(charge, micros);
      if (isShort) throw parleyError('wallet.insufficient_balance', 'the balance does not cover the difference');
    },
    dropStale: async (charge) => {
      if (held === undefined || held === nextHoldOf(charge)) return;
      await wallets.release(charge.terms.walletId, held, atMs);
      held = undefined;
    },
  };
}

function nextHoldOf({ callId, published, holdRound }: SettledCharge): string {
  return correctionHoldOf(callId, published.nextSequence, holdRound);
}
