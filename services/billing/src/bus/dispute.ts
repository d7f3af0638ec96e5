import { DisputeState, type Dispute as ProtoDispute } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { Dispute, DisputeOutcome, DisputeStep } from '../domain/correction.ts';
import { toMoney } from './convert.ts';

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

function toStep({ atMs, actor, note }: DisputeStep): ProtoDispute['opened'] {
  return { time: new Date(Number(atMs)), reason: note, actor };
}

/** The other way around. @throws ParleyError `bus.malformed_event` */
export function fromDispute({ disputeId, state, opened, resolved, amount }: ProtoDispute): Dispute {
  const dispute = { disputeId, opened: fromStep(opened) };
  if (state === DisputeState.OPEN) return dispute;
  const outcome = outcomes[state] ?? malformed('its state is none that is known');
  return { ...dispute, resolved: { ...fromStep(resolved), outcome, amountMicros: amount?.micros ?? 0n } };
}

const outcomes: Readonly<Partial<Record<DisputeState, DisputeOutcome['outcome']>>> = { [DisputeState.ACCEPTED]: 'accepted', [DisputeState.REJECTED]: 'rejected' };

function fromStep(step: ProtoDispute['opened']): DisputeStep {
  if (step?.time === undefined) return malformed('a step of it has no time');
  return { atMs: BigInt(step.time.getTime()), actor: step.actor, note: step.reason };
}

function malformed(why: string): never {
  throw parleyError('bus.malformed_event', `dispute cannot be read: ${why}`);
}
