import type { AuthorizedCharge, Charge, ChargeTerms, Funds, Grant, Observed, OpenCharge, Party, SettledCharge, SourceName } from './charge.ts';
import { pricesOf, zeroMeter } from './price.ts';
import { highestMicros } from './rating.ts';
import { extendTimeline, type Segment } from './timeline.ts';

/** An event of the call or of a side's reaction, as far as charging goes. */
export type CallInput =
  /** Anything of the call that does not matter to its charge; its sequence does. */
  | { readonly type: 'call_progressed'; readonly sequence: bigint }
  | { readonly type: 'video_started'; readonly sequence: bigint; readonly party: Party; readonly mediaOriginMs: bigint }
  | { readonly type: 'call_completed'; readonly sequence: bigint; readonly atMs: bigint }
  | ReactionInput;

export interface ReactionInput {
  readonly type: 'reaction_observed';
  readonly sequence: bigint;
  readonly party: Party;
  readonly intervals: readonly Segment[];
  readonly observedThroughMs: bigint;
  /** Of the source's terminal event. */
  readonly finalMs: bigint | undefined;
}

/** What the wallet said, or what did not come in time. */
export type OwnInput =
  | { readonly type: 'grant_extended'; readonly grantedMs: bigint; readonly availableMicros: bigint }
  | { readonly type: 'grant_refused'; readonly grantedMs: bigint; readonly availableMicros: bigint }
  | { readonly type: 'grant_released' }
  | { readonly type: 'recognition_overdue' }
  | { readonly type: 'call_overdue' };

export type LiveCharge = OpenCharge | SettledCharge;

/** A charge that was just authorised for the first grant. */
export function authorizedCharge(callId: string, accountId: string, terms: ChargeTerms): AuthorizedCharge {
  return { status: 'authorized', callId, accountId, terms, grant: { grantedMs: 0n, funds: 'ok', availableMicros: 0n } };
}

/** `call.initiated` of the root: its sequence is 0, and nothing of the call was applied before. */
export function openCharge({ callId, accountId, terms, grant, status }: Exclude<Charge, LiveCharge>): OpenCharge {
  return {
    status: 'open',
    callId,
    accountId,
    terms,
    // What was held for a closed one was given back.
    grant: status === 'closed' ? { ...grant, grantedMs: 0n } : grant,
    observed: {
      applied: { call: 0n },
      videoParties: [],
      endedParties: [],
      mediaOriginMs: undefined,
      completedMs: undefined,
      timeline: [],
      observedThroughMs: 0n,
      finalMs: undefined,
      lost: undefined,
    },
    published: {
      nextSequence: 0n,
      started: false,
      counting: undefined,
      countedThroughMs: 0n,
      cellsThroughMs: 0n,
      chargedMicros: 0n,
      announcedFunds: 'ok',
    },
  };
}

/** Which source an input is of. */
export function sourceOf(input: CallInput): SourceName {
  return input.type === 'reaction_observed' ? `reaction/${input.party}` : 'call';
}

/** Whether an event is the next of its source, was applied before, or has to wait for an earlier one. */
export function arrival(charge: LiveCharge, input: CallInput): 'next' | 'duplicate' | 'early' {
  const next = (charge.observed.applied[sourceOf(input)] ?? -1n) + 1n;
  if (input.sequence === next) return isBeforeOrigin(charge, input) ? 'early' : 'next';
  return input.sequence < next ? 'duplicate' : 'early';
}

/** A price that depends on the hour cannot be told before media time has an origin; that is of another source. */
function isBeforeOrigin({ terms, observed }: LiveCharge, input: CallInput): boolean {
  return input.type === 'reaction_observed' && observed.mediaOriginMs === undefined && pricesOf(terms.policy.terms).weekBands.length > 0;
}

/** Takes an event's facts into the charge; what follows from them is `decide`'s. The event has to be the next of its source. */
export function absorbCallInput<C extends LiveCharge>(charge: C, input: CallInput): C {
  const applied = { ...charge.observed.applied, [sourceOf(input)]: input.sequence };
  const observed = { ...charge.observed, applied };
  switch (input.type) {
    case 'call_progressed':
      return { ...charge, observed };
    case 'video_started':
      return { ...charge, observed: withVideo(observed, input.party, input.mediaOriginMs) };
    case 'call_completed':
      return { ...charge, observed: { ...observed, completedMs: input.atMs } };
    case 'reaction_observed':
      return { ...charge, observed: withReaction(observed, input, input.party === charge.terms.payer) };
  }
}

function withVideo(observed: Observed, party: Party, mediaOriginMs: bigint): Observed {
  return { ...observed, videoParties: withParty(observed.videoParties, party), mediaOriginMs: observed.mediaOriginMs ?? mediaOriginMs };
}

function withReaction(observed: Observed, input: ReactionInput, ofPayer: boolean): Observed {
  const endedParties = input.finalMs === undefined ? observed.endedParties : withParty(observed.endedParties, input.party);
  if (!ofPayer) return { ...observed, endedParties };
  const { observedThroughMs } = observed;
  return {
    ...observed,
    endedParties,
    timeline: extendTimeline(observed.timeline, input.intervals),
    observedThroughMs: input.observedThroughMs > observedThroughMs ? input.observedThroughMs : observedThroughMs,
    finalMs: input.finalMs ?? observed.finalMs,
  };
}

function withParty(parties: readonly Party[], party: Party): readonly Party[] {
  return parties.includes(party) ? parties : [...parties, party].sort();
}

/** Takes the answer of the wallet, or a timeout, into the charge. */
export function absorbOwnInput<C extends Charge>(charge: C, input: OwnInput): C {
  switch (input.type) {
    case 'grant_extended':
      return withGrant(charge, { ...granted(charge, input), funds: fundsLeft(charge, input.availableMicros) });
    case 'grant_refused':
      return withGrant(charge, { ...granted(charge, input), funds: 'exhausted' });
    case 'grant_released':
      return { ...charge, grant: { ...charge.grant, grantedMs: 0n } };
    case 'recognition_overdue':
      return lose(charge, 'recognition');
    case 'call_overdue':
      return lose(charge, 'call');
  }
}

function granted({ grant }: Charge, answer: { grantedMs: bigint; availableMicros: bigint }): Omit<Grant, 'funds'> {
  return {
    grantedMs: answer.grantedMs > grant.grantedMs ? answer.grantedMs : grant.grantedMs,
    availableMicros: answer.availableMicros,
  };
}

function fundsLeft({ terms }: Charge, availableMicros: bigint): Funds {
  const oneGrant = highestMicros(terms.policy.terms, { meter: zeroMeter, decidedMs: 0n }, terms.policy.terms.grantMs);
  return availableMicros < oneGrant ? 'low' : 'ok';
}

/** Each crossing is announced once: what is ok again may be announced low again; what was exhausted is not low news. */
function withGrant<C extends Charge>(charge: C, grant: Grant): C {
  if (!('published' in charge)) return { ...charge, grant };
  const { announcedFunds } = charge.published;
  const again = grant.funds === 'ok' || (announcedFunds === 'exhausted' && grant.funds === 'low');
  return { ...charge, grant, published: { ...charge.published, announcedFunds: again ? grant.funds : announcedFunds } };
}

function lose<C extends Charge>(charge: C, lost: 'recognition' | 'call'): C {
  return charge.status === 'open' ? { ...charge, observed: { ...charge.observed, lost } } : charge;
}
