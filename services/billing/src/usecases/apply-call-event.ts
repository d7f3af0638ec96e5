import { absorbCallInput, arrival, authorizedCharge, openCharge, type CallInput, type LiveCharge } from '../domain/charge-inputs.ts';
import { calleeChargeId, isMutual } from '../domain/charge-id.ts';
import type { ChargeTerms } from '../domain/charge.ts';
import { advance, coverHeld, coverLate } from './charge-change.ts';
import { releaseEffect } from './charge-posting.ts';
import type { CallAttributes, Cause, ChargeChange, ChargeRecord, ChargeStore } from './charge-store.ts';
import { createCorrectionHold, type CorrectionHold } from './correction-hold.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import type { WalletStore } from './wallet-store.ts';

/** `call.initiated` of the root leg. */
export interface InitiatedInput {
  readonly type: 'call_initiated';
  /** Of each charge: none if the call is free, two where each side pays. */
  readonly terms: readonly ChargeTerms[];
}

/** A consumed event, as far as charging goes. */
export interface ConsumedEvent {
  readonly accountId: string;
  readonly callId: string;
  readonly attributes: CallAttributes;
  readonly cause: Cause;
  readonly input: CallInput | InitiatedInput;
}

export type Outcome = 'applied' | 'duplicate' | 'wait';

export interface Applied {
  readonly outcome: Outcome;
  /** The charges after it; none if the call is not known yet. */
  readonly records: readonly ChargeRecord[];
}

export type ApplyCallEvent = (event: ConsumedEvent) => Promise<Applied>;

type Step = Outcome | ChargeChange;

/**
 * Applies an event of a call once, and charges, suspends, resumes or settles as it follows. Events of different sources come
 * in any order: what needs another one first waits.
 */
export function createApplyCallEvent(ports: { charges: ChargeStore; wallets: WalletStore; reclaimHolds: ReclaimHolds }): ApplyCallEvent {
  const { charges, wallets } = ports;
  const apply = async (record: ChargeRecord | undefined, event: ConsumedEvent, side: 0 | 1, hold: CorrectionHold): Promise<Step> => {
    const { input } = event;
    if (record?.charge.status === 'settled') await hold.dropStale(record.charge);
    if (input.type === 'call_initiated') return initiate(record, event, input.terms[side]);
    if (record === undefined || record.charge.status === 'authorized' || record.charge.status === 'closed') return 'wait';
    // A free call is none of billing's business; only its being free had to be known.
    if (record.charge.status === 'free') return 'applied';
    const order = arrival(record.charge, input);
    if (order !== 'next') return order === 'early' ? 'wait' : 'duplicate';
    const charge: LiveCharge = absorbCallInput(record.charge, input);
    const covered = charge.status === 'settled' ? await coverLate(hold, charge) : await coverHeld(wallets, charge, event.cause);
    return advance(record, covered, event.cause);
  };
  const applyTo = async (chargeId: string, event: ConsumedEvent, side: 0 | 1): Promise<{ outcome: Outcome; record: ChargeRecord | undefined }> => {
    let outcome: Outcome = 'applied';
    const hold = createCorrectionHold(ports, event.cause.atMs);
    const record = await charges.change(chargeId, async (before) => {
      const step = await apply(before, event, side, hold);
      outcome = typeof step === 'string' ? step : 'applied';
      return typeof step === 'string' ? undefined : step;
    });
    return { outcome, record };
  };
  return async (event) => {
    const { callId } = event;
    const first = await applyTo(callId, event, 0);
    if (first.record === undefined || !hasTwoCharges(first.record)) return { outcome: first.outcome, records: first.record === undefined ? [] : [first.record] };
    // A crash in between is made good when the event comes again: the first charge knows it then.
    const second = await applyTo(calleeChargeId(callId), event, 1);
    const outcome = (['wait', 'applied'] as const).find((one) => one === first.outcome || one === second.outcome) ?? 'duplicate';
    return { outcome, records: [first.record, ...(second.record === undefined ? [] : [second.record])] };
  };
}

function hasTwoCharges({ charge }: ChargeRecord): boolean {
  return charge.status !== 'free' && isMutual(charge.terms);
}

/** @param terms undefined: the call is free. */
function initiate(record: ChargeRecord | undefined, event: ConsumedEvent, terms: ChargeTerms | undefined): Step {
  const before = record?.charge;
  if (before !== undefined && before.status !== 'authorized' && before.status !== 'closed') return 'duplicate';
  const { callId, accountId, attributes, cause } = event;
  const known = { callId, accountId, requestedPolicyId: record?.requestedPolicyId, attributes, lastCause: cause };
  if (terms === undefined) {
    // It may have been authorised, and the call router not have heard of it.
    const effects = before?.status === 'authorized' ? [releaseEffect(before, cause)] : [];
    return { record: { ...known, charge: { status: 'free' } }, effects };
  }
  const authorized = before ?? authorizedCharge(callId, accountId, terms);
  return advance({ ...known, charge: authorized }, openCharge(authorized), cause);
}
