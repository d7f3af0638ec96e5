import { parleyError } from '@parley/errors';
import { absorbOwnInput } from '../domain/charge-inputs.ts';
import { nextGrant } from '../domain/grant.ts';
import { advance } from './charge-change.ts';
import { requireGranted, type GrantCommand } from './granted-charge.ts';
import type { ChargeStore } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

/**
 * Holds enough for one grant more. The charge is changed after the hold, so that a repeat after a crash in between asks for
 * the same grant again. What is not used is given back at the settlement.
 * @returns media time through which the call may go on, in ms.
 * @throws ParleyError `grant.not_found`, `grant.ended`, `wallet.insufficient_balance`
 */
export function createExtendGrant({ charges, wallets }: { charges: ChargeStore; wallets: WalletStore }): (command: GrantCommand) => Promise<bigint> {
  return async (command) => {
    const { callId, accountId, cause } = command;
    const charge = requireGranted(await charges.find(callId), accountId);
    const { walletId, policy } = charge.terms;
    const step = nextGrant(charge);
    const request = { callId, currency: policy.terms.currency, steps: [step], postedMicros: 0n, atMs: cause.atMs };
    const held = await wallets.hold({ walletId, accountId }, request, true);
    if (held === undefined) throw parleyError('grant.ended', 'nothing is held for this call any more');
    const { grantedMs, isShort, availableMicros } = held;
    await charges.change(callId, async (before) => {
      if (before?.charge.status !== 'authorized' && before?.charge.status !== 'open') return undefined;
      const input = { type: isShort ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros } as const;
      return advance(before, absorbOwnInput(before.charge, input), { ...cause, id: `${callId}/grant/${step.untilMs}` });
    });
    if (isShort) throw parleyError('wallet.insufficient_balance', 'the available balance does not cover another grant');
    return grantedMs;
  };
}
