import { DisputeState, type Dispute as ProtoDispute } from '@parley/contracts';
import { toMoney } from '../bus/convert.ts';
import type { Dispute } from '../domain/correction.ts';

const states = { accepted: DisputeState.ACCEPTED, rejected: DisputeState.REJECTED } as const;

/** @param currency of the charge. */
export function toDispute({ disputeId, opened, resolved }: Dispute, currency: string): ProtoDispute {
  return {
    disputeId,
    state: resolved === undefined ? DisputeState.OPEN : states[resolved.outcome],
    opened: toStep(opened),
    resolved: resolved && toStep(resolved),
    amount: resolved?.outcome === 'accepted' ? toMoney(currency, resolved.amountMicros) : undefined,
  };
}

function toStep({ atMs, actor, note }: Dispute['opened']): ProtoDispute['opened'] {
  return { time: new Date(Number(atMs)), reason: note, actor };
}
