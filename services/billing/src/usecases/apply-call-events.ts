import { absorbCallInput, arrival, authorizedCharge, openCharge, type CallInput, type LiveCharge } from '../domain/charge-inputs.ts';
import { calleeChargeId, hasTwoCharges } from '../domain/charge-id.ts';
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
  /** Of the first events, of one at least: the others have to come again. */
  readonly outcomes: readonly Outcome[];
  /** The charges after them; none if the call is not known yet. */
  readonly records: readonly ChargeRecord[];
}

/** @throws for the sake of the first event. */
export type ApplyCallEvents = (events: readonly [ConsumedEvent, ...ConsumedEvent[]]) => Promise<Applied>;

type Step = Outcome | ChargeChange;

/**
 * Applies events of one call, each once, and charges, suspends, resumes or settles as it follows from each, all of it in one write.
 * Events of different sources come in any order: what needs another one first waits.
 */
export function createApplyCallEvents(ports: { charges: ChargeStore; wallets: WalletStore; reclaimHolds: ReclaimHolds }): ApplyCallEvents {
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
  /** What cannot be applied ends it, and is thrown only if it is the first: the others come again, and then it is. */
  const applyAll = async (before: ChargeRecord | undefined, events: readonly ConsumedEvent[], side: 0 | 1, hold: CorrectionHold): Promise<{ outcomes: Outcome[]; change: ChargeChange | undefined }> => {
    const outcomes: Outcome[] = [];
    let change: ChargeChange | undefined;
    for (const event of events) {
      try {
        const step = await apply(change?.record ?? before, event, side, hold);
        outcomes.push(typeof step === 'string' ? step : 'applied');
        if (typeof step === 'string') continue;
        change = { record: step.record, effects: [...(change?.effects ?? []), ...step.effects] };
      } catch (error) {
        if (outcomes.length === 0) throw error;
        break;
      }
      // What is asked of the wallet from then on presumes that what is owed by then was posted and given back.
      if (change.record.charge.status === 'settled') break;
    }
    return { outcomes, change };
  };
  const applyTo = async (chargeId: string, events: readonly ConsumedEvent[], side: 0 | 1): Promise<{ outcomes: readonly Outcome[]; record: ChargeRecord | undefined }> => {
    let outcomes: readonly Outcome[] = [];
    const hold = createCorrectionHold(ports, events[0]!.cause.atMs);
    const record = await charges.change(chargeId, async (before) => {
      const applied = await applyAll(before, events, side, hold);
      outcomes = applied.outcomes;
      return applied.change;
    });
    return { outcomes, record };
  };
  return async (events) => {
    const [{ callId }] = events;
    const { outcomes: first, record } = await applyTo(callId, events, 0);
    if (record === undefined || !hasTwoCharges(record)) return { outcomes: first, records: record === undefined ? [] : [record] };
    // A crash in between is made good when the events come again: the first charge knows them then.
    const { outcomes: second, record: other } = await applyTo(calleeChargeId(callId), events.slice(0, first.length), 1);
    return { outcomes: second.map((outcome, index) => together(first[index]!, outcome)), records: [record, ...(other === undefined ? [] : [other])] };
  };
}

/** An event waits until both charges have it. */
function together(one: Outcome, other: Outcome): Outcome {
  return (['wait', 'applied'] as const).find((outcome) => outcome === one || outcome === other) ?? 'duplicate';
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
