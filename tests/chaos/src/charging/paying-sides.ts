import type { PartyName } from '@parley/bus';
import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import type { ChargedCall } from './call-plan.ts';
import type { PlannedWallet } from './wallets.ts';

/** Who pays for a call, for what it sees of the other side. */
export interface PayingSide extends Pick<ChargedCall, 'batches' | 'isEnded'> {
  readonly payer: PartyName;
  readonly wallet: PlannedWallet;
  /** Who is seen. */
  readonly host: PlannedWallet;
  readonly hasVideo: boolean;
}

/** The caller, and where each side pays the callee. */
export function payingSides({ wallet, callee, batches, isEnded, calleeBatches }: ChargedCall, { prices }: PolicyTerms): readonly PayingSide[] {
  const isSeen = calleeBatches.length > 0;
  return [
    { payer: 'caller', wallet, host: callee, batches, isEnded, hasVideo: true },
    ...(prices?.payer === 'each' ? [{ payer: 'callee' as const, wallet: callee, host: wallet, batches: calleeBatches, isEnded: isSeen, hasVideo: isSeen }] : []),
  ];
}
