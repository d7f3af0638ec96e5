import { parleyError } from '@parley/errors';
import { calleeChargeId, chargeIdOf, isMutual } from '../domain/charge-id.ts';
import { absorbOwnInput } from '../domain/charge-inputs.ts';
import { leastOf, nextGrant, shortGrants } from '../domain/grant.ts';
import { advance } from './charge-change.ts';
import { requireGranted, type GrantCommand, type GrantedCharge } from './granted-charge.ts';
import type { HoldStep } from '../domain/wallet.ts';
import type { ChargeStore } from './charge-store.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import type { WalletStore } from './wallet-store.ts';

export interface ExtendCommand extends GrantCommand {
  /** The end of the grant, in media time, as it is known to who asks. */
  readonly knownUntilMs?: bigint | undefined;
}

interface ExtendPorts {
  readonly charges: ChargeStore;
  readonly wallets: WalletStore;
  readonly reclaimHolds: ReclaimHolds;
}

/**
 * Holds enough for one grant more, or else for as many seconds as the balance covers, so that a call ends with its balance and
 * not a grant before it. The charge is changed after the hold, so that a repeat after a crash in between asks for
 * the same grant again. What is not used is given back at the settlement. Where each side pays, the call may go on as far as both
 * have grants: what is extended is the one that reaches less far.
 * @returns media time through which the call may go on, in ms.
 * @throws ParleyError `grant.not_found`, `grant.ended`, `wallet.insufficient_balance` if it covers nothing more.
 */
export function createExtendGrant(ports: ExtendPorts): (command: ExtendCommand) => Promise<bigint> {
  return async (command) => {
    const charges = await grantedCharges(ports.charges, command);
    const grantedMs = charges.map(({ grant }) => grant.grantedMs);
    const untilMs = leastOf(grantedMs);
    if (command.knownUntilMs !== undefined && untilMs > command.knownUntilMs) return untilMs;
    const extended: bigint[] = [];
    for (const charge of charges) extended.push(charge.grant.grantedMs > untilMs ? charge.grant.grantedMs : await extend(ports, charge, command));
    const nowMs = leastOf(extended);
    if (nowMs <= untilMs) throw parleyError('wallet.insufficient_balance', 'the available balance covers no more of the call');
    return nowMs;
  };
}

async function grantedCharges(charges: ChargeStore, { callId, accountId }: GrantCommand): Promise<GrantedCharge[]> {
  const first = requireGranted(await charges.find(callId), accountId);
  return isMutual(first.terms) ? [first, requireGranted(await charges.find(calleeChargeId(callId)), accountId)] : [first];
}

async function extend({ charges, wallets, reclaimHolds }: ExtendPorts, charge: GrantedCharge, { callId, accountId, cause }: ExtendCommand): Promise<bigint> {
  const { walletId, policy } = charge.terms;
  const hold = (...steps: HoldStep[]) =>
    wallets.hold({ walletId, accountId }, { callId, currency: policy.terms.currency, steps, postedMicros: 0n, atMs: cause.atMs }, true);
  const step = nextGrant(charge);
  let whole = await hold(step);
  if (whole?.isShort && (await reclaimHolds(walletId, cause.atMs))) whole = await hold(step);
  const held = whole?.isShort ? await hold(...shortGrants(charge), step) : whole;
  if (held === undefined) throw parleyError('grant.ended', 'nothing is held for this call any more');
  const { grantedMs, isShort, availableMicros } = held;
  await charges.change(chargeIdOf({ callId, charge }), async (before) => {
    if (before?.charge.status !== 'authorized' && before?.charge.status !== 'open') return undefined;
    const input = { type: isShort ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros } as const;
    return advance(before, absorbOwnInput(before.charge, input), { ...cause, id: `${callId}/grant/${step.untilMs}` });
  });
  return grantedMs;
}
