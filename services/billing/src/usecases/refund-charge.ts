import { parleyError } from '@parley/errors';
import type { Money } from '@parley/money';
import { correctionFor, giveBack, requireCurrencyOf } from '../domain/charge-correction.ts';
import { requireRoom } from '../domain/wallet.ts';
import { changeSettled, corrected, madeCorrection, orderOf, type CorrectionPorts, type MadeCorrection, type SettledCommand } from './change-settled.ts';
import type { SettledRecord } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

export interface RefundCommand extends SettledCommand {
  readonly amount: Money;
}

/**
 * Gives back a part of what a call cost, once per request id.
 * @throws ParleyError `wallet.invalid_amount`, `charge.currency_mismatch`, `charge.refund_exceeds_total`,
 *   `charge.too_many_corrections`, and those of `changeSettled`
 */
export function createRefundCharge(ports: CorrectionPorts): (command: RefundCommand) => Promise<MadeCorrection> {
  return async (command) => {
    const { requestId, amount } = command;
    requirePositive(amount.micros);
    const record = await changeSettled(ports, command, ['refund', amount.currency, amount.micros.toString()], async (before) => {
      if (correctionFor(before.charge, 'refund', requestId) !== undefined) return undefined;
      await requireRefundable(ports.wallets, before, amount);
      return corrected(before, giveBack(before.charge, 'refund', amount.micros, orderOf(command, requestId)), command);
    });
    return madeCorrection(ports.wallets, record, 'refund', requestId);
  };
}

/** @throws ParleyError `wallet.invalid_amount` */
export function requirePositive(micros: bigint): void {
  if (micros <= 0n) throw parleyError('wallet.invalid_amount', 'the amount has to be positive');
}

/** @throws ParleyError `charge.currency_mismatch`; `wallet.invalid_amount`: the wallet holds as much as it can */
export async function requireRefundable(wallets: WalletStore, { charge }: SettledRecord, { currency, micros }: Money): Promise<void> {
  requireCurrencyOf(charge, currency);
  const wallet = await wallets.find(charge.terms.walletId);
  if (wallet !== undefined) requireRoom(wallet, micros);
}
